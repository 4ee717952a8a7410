"""People outside the company, as ticket admins see them: what was sent to whom, and answered."""
