"""Processors: what each runs and has run, its queues of ready threads and deferred calls, its timers."""
