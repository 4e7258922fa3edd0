"""Before a run: its program, compiled for devices that are not there, and what that says."""
