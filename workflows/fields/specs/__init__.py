"""What a form asks for, as data that people write: its specs, their rules, their JSON Schema."""
