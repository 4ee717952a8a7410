"""What it is compared with: the same rows by raw SQL and the ORM, a plain site, a bare Unfold."""
