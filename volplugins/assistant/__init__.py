"""An assistant's way in: what the dumps below one folder say, by the Model Context Protocol; docs/assistant.md."""
