"""Ready-made machines: the catalogue by name and fault, and great or unusual ones made from it."""
