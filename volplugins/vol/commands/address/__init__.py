"""windows.kd.address: regions of user address spaces, and sums of them."""
