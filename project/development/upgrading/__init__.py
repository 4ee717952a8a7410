"""What tells in time that a newer Django or another library needs a look."""
