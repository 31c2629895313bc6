"""Who is to blame of all suspects, and how sure that is; flipped bits that blame the memory; the signature."""
