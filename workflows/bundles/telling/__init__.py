"""A document in words for people: its rules and steps, and what a change of it changes."""
