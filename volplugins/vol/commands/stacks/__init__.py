"""windows.kd.stacks: every thread's stack, and profiles of them."""
