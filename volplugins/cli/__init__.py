"""The console command `volplugins`: one file per command."""
