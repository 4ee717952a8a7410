"""What a company uses of its limits (tenants/company_limits.py): measuring it, and showing it."""
