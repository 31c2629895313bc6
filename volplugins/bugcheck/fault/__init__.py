"""What failed, and where: the fault of a crash, its instruction, address and the bits that may be wrong."""
