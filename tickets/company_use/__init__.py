"""What a company uses of its limits, measured and shown: `tenants/companies/company_limits.py`."""
