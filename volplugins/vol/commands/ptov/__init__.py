"""windows.kd.ptov: who maps a physical byte."""
