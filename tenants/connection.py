"""Which schema the database connection works in: django-tenants' connection, with types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS, connections
from django_tenants.utils import get_public_schema_name, schema_context

PUBLIC: str = get_public_schema_name()


class HasSchema(Protocol):
    """A company, as the connection knows it: the models stand above."""

    @property
    def schema_name(self) -> str: ...


def database() -> Any:
    """Django's connection itself: `django.db.connection` looks it up at every attribute."""
    return connections[DEFAULT_DB_ALIAS]


def current_schema() -> str:
    """The schema that queries go to: a company's, or `public`."""
    return str(database().schema_name)


def active_tenant() -> object:
    """What `use_company` was given; elsewhere something that knows the schema alone."""
    return database().tenant


def in_public() -> bool:
    """Whether no company is chosen: its tables do not exist then."""
    return current_schema() == PUBLIC


def use_company(company: HasSchema) -> None:
    """Send the queries that follow to a company's schema."""
    database().set_tenant(company)


def use_alone(schema: str) -> None:
    """Send the queries that follow to a schema, where they do not find `public` besides."""
    database().set_schema(schema, include_public=False)


def use_public() -> None:
    """Send the queries that follow to `public`."""
    database().set_schema_to_public()


def limit_waiting(*, lock_seconds: float, statement_seconds: float) -> None:
    """Let every connection that is opened from now on give up after so long.

    A lock that is not had in time, and a statement that takes longer, raise an OperationalError
    (tenants/database/trouble.py). A transaction in which nothing happens for as long as a statement
    may take four times is ended by the server: what holds its locks has died or hangs.
    """
    options = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
    limits = {
        "lock_timeout": lock_seconds,
        "statement_timeout": statement_seconds,
        "idle_in_transaction_session_timeout": 4 * statement_seconds,
    }
    text = " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items())
    options["options"] = f"{options.get('options', '')} {text}".strip()


def forget_search_path() -> None:
    """Needed after a SET search_path of one's own: the connection believes its last one holds."""
    database().search_path_set_schemas = None


@contextmanager
def company_of(schema: str) -> Iterator[None]:
    """Work in a schema; where the connection does so already, nothing is sent for it."""
    if current_schema() == schema:
        yield
        return
    with schema_context(schema):
        yield


@contextmanager
def looking_at_many_companies() -> Iterator[None]:
    """Ask about the tables of very many companies, one after the other.

    What a connection has learned of a table it keeps in memory until it ends, 0.2 MB for each
    company, and a worker has many connections. So this one ends afterwards, unless a transaction is
    under way.
    """
    try:
        yield
    finally:
        if not database().in_atomic_block:
            database().close()
