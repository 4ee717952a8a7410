"""Bringing the schemas of all companies to where the code expects them, and knowing who is not."""
