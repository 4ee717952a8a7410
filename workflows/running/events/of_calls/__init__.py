"""Calls of other systems."""
