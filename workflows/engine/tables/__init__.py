"""Decision tables: their rows, their cells, and what they leave out."""
