"""Who may have a task, who is given it, and who stands in for whom."""
