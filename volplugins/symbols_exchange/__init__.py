"""Symbols by hand: the list of PDBs that dumps need, for a machine with a network, and the import of what comes back.

Nothing here asks a network.
"""
