"""The screens of definitions, people and company roles: one module for each model."""

from workflows.admin import company_role, person

__all__ = ["company_role", "person"]
