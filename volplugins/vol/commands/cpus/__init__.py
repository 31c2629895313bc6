"""windows.kd.cpus: processors, their queues and timers."""
