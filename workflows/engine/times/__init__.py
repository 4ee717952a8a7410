"""Times: working hours, durations, moments, and what happens again and again."""
