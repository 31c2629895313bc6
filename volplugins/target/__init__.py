"""What is looked at: a crash dump, a small dump, a memory image, a live machine; one type, and a maker for each kind.

Whatever stands on a target neither knows nor asks which kind it is. A new kind is one new maker here.
"""
