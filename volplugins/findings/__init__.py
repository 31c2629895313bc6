"""What is odd about a target: findings, their kinds and their order; what each says, no page or plugin."""
