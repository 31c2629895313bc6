"""windows.kd.segments: descriptor tables, where gates lead, and addresses worked through."""
