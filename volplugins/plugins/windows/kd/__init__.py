"""The shells: one small file per command, options in, rows out."""
