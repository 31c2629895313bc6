"""windows.kd.drivers: driver objects, their devices and their routines."""
