"""What programs and assistants do with definitions and people: each calls its page's service."""
