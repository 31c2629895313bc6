"""What holds a machine up that does not answer: requests, deadlocks, chains of waits, starved processors, locks."""
