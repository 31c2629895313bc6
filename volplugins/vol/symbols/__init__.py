"""Symbol tables, PDBs and image files at hand, and the core's layouts made from them."""
