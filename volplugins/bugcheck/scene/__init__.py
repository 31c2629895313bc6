"""What the analysis reads: the crash, its stacks, processors, tasks, modules and who owns them; no judgement."""
