"""The companies in which it is measured: made, and filled with the tickets of a year."""
