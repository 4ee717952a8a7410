"""Blocks and their branches begin and end."""
