"""One room for each command: what it asks of the core and what its rows are. No room imports a shell."""
