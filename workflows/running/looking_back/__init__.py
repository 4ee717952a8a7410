"""What the history says of earlier steps: what conditions read, and where it is read now."""
