"""Scripts of those who keep the project, never installed: they write tables of the package from facts outside of it."""
