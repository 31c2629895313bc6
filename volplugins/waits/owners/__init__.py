"""Who holds what a thread waits for: a file for each kind of lock, by the places where Windows keeps its owner."""
