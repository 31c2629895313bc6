"""windows.kd.devices: the Plug and Play tree, and the stacks of devices on it."""
