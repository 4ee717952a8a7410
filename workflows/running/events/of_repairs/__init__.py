"""What ticket admins put right, and what they corrected."""
