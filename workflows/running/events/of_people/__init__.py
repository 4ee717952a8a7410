"""Who has a task, who gives it back, and who is reminded of it."""
