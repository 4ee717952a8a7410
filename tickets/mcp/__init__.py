"""What assistants may do with tickets and tasks: each tool calls the service of its page."""
