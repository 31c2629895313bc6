"""What threads wait for, who holds it, and who holds up whom."""
