"""What numbers mean: codes, parameters, statuses, kinds of access, names of drivers that ship with Windows."""
