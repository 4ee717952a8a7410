"""The way of a ticket: it starts, steps are done or left, it moves on and ends."""
