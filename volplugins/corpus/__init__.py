"""What is asked of a corpus and of two results: which dumps have something in them, what differs."""
