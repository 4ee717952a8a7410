"""Conditions as people read and write them: the language, and sentences."""
