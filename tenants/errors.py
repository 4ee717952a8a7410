from __future__ import annotations


class TenantsError(Exception):
    """Something about companies and people went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class SchemaExistsError(TenantsError):
    """A Postgres schema of this name already exists."""


class LastAdminError(TenantsError):
    """A company needs at least one active person with the role of company admin."""


class OtherCompanyError(TenantsError):
    """This person belongs to another company."""


class EmailInUseError(TenantsError):
    """Somebody already uses this e-mail address."""
