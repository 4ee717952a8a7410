"""What tickets are to each other: related, duplicates, follow-ups."""
