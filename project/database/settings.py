"""Which database server to use: the one that the environment names, else the embedded one."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from project.database.postmaster import database_entry
from project.environment import data_dir, load_environment

ENGINE = "tenants.database"
DB_VARIABLES = ("DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT")


def is_configured() -> bool:
    """Whether the environment or `.env` names a database server."""
    load_environment()
    return any(os.environ.get(name) for name in ("DATABASE_URL", *DB_VARIABLES))


def database_settings() -> dict[str, Any]:
    """Django's entry for DATABASES["default"].

    DATABASE_URL wins over DB_NAME, DB_USER, DB_PASSWORD, DB_HOST and DB_PORT; with none of them
    it is the embedded server, whether it runs or not: this function starts nothing, because
    mypy and editors read the settings too. `DB_CONN_MAX_AGE` is in seconds, 60 unless set.

    Raises ImproperlyConfigured, in one sentence, where what is configured cannot be used.
    """
    if not is_configured():
        entry = database_entry(data_dir())
    elif url := os.environ.get("DATABASE_URL"):
        entry = from_url(url)
    else:
        entry = _from_variables()
    return {
        "ENGINE": ENGINE,
        **entry,
        "CONN_MAX_AGE": _whole_number("DB_CONN_MAX_AGE", default=60, highest=86_400),
        "CONN_HEALTH_CHECKS": True,
    }


def from_url(url: str) -> dict[str, Any]:
    """The URL is never repeated in an error: it holds the password."""
    example = "it must look like postgres://user:password@host:5432/name"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL has a host or a port that cannot be read: {example}."
        ) from error
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL is not the address of a Postgres: {example}.")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise ImproperlyConfigured(f"DATABASE_URL does not name one database: {example}.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    # A socket folder cannot stand where the host stands: libpq takes it as ?host=/run/postgresql.
    host = options.pop("host", unquote(parts.hostname or ""))
    return {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def _from_variables() -> dict[str, Any]:
    name = os.environ.get("DB_NAME")
    if not name:
        given = next(variable for variable in DB_VARIABLES if os.environ.get(variable))
        raise ImproperlyConfigured(
            f"{given} is set but DB_NAME is not: set DB_NAME to the name of the database, "
            "or set none of the DB_ variables to use the embedded Postgres."
        )
    return {
        "NAME": name,
        "USER": os.environ.get("DB_USER", ""),
        "PASSWORD": os.environ.get("DB_PASSWORD", ""),
        "HOST": os.environ.get("DB_HOST") or "localhost",
        "PORT": str(_whole_number("DB_PORT", default=5432, lowest=1, highest=65_535)),
        "OPTIONS": {},
    }


def _whole_number(variable: str, *, default: int, highest: int, lowest: int = 0) -> int:
    text = os.environ.get(variable) or str(default)
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not lowest <= number <= highest:
        raise ImproperlyConfigured(
            f"{variable} is {text!r}, but must be a whole number from {lowest} to {highest}."
        )
    return number
