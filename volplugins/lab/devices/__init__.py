"""The I/O system's logical view: object directories, the device tree with its stacks, requests."""
