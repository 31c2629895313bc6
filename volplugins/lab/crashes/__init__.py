"""What goes wrong: scenarios by name, and the records that a crash leaves."""
