"""How long tickets are kept after they have ended, by their type; and what deletes them then."""
