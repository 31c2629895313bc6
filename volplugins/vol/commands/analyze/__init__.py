"""windows.kd.analyze: the crash, section by section."""
