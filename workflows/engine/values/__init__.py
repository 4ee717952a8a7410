"""Plain values: what can be kept of them, numbers and texts as people write them."""
