from __future__ import annotations


class TenantsError(Exception):
    """Something about companies and people went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or " ".join((self.__doc__ or "").split()))


class SchemaExistsError(TenantsError):
    """A Postgres schema of this name already exists."""


class UndeclaredDataMigrationError(TenantsError):
    """A migration of data does not say whether companies that are made later need it."""


class LastAdminError(TenantsError):
    """A company needs at least one active person with the role of company admin."""


class OtherCompanyError(TenantsError):
    """This person belongs to another company."""


class EmailInUseError(TenantsError):
    """Somebody already uses this e-mail address."""


class EncryptionError(TenantsError):
    """A secret cannot be read from the database, or kept there."""


class EncryptionKeyMissingError(EncryptionError):
    """FIELD_ENCRYPTION_KEYS is not set, so that no signing secret can be kept or read. Whoever runs
    the server must set it."""


class UndecryptableError(EncryptionError):
    """The signing secret was encrypted with a key that is not among FIELD_ENCRYPTION_KEYS. Whoever
    runs the server must add that key, or your company's admin makes a new secret."""
