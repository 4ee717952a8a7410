"""The database: its engine for Django, and what Postgres needs, refuses and numbers."""
