"""windows.kd.lm: modules by lists, VADs and images together."""
