"""Machine code and PE images: functions with unwind data, listings of drivers and kernels, linking."""
