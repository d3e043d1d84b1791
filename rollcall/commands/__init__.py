"""What can be asked of `rollcall`, one command a file."""
