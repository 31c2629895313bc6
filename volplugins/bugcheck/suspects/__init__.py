"""Who may be at fault and why: the path of frames from the fault, what proves a frame, the witnesses for each."""
