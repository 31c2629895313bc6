"""windows.kd.vtop: an address through every level."""
