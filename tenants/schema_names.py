"""Names of the companies' Postgres schemas."""

from __future__ import annotations

import re
import secrets
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

# What the names of schemas begin with that wait for a company; no company's name can.
SPARE: Final = "_spare_"
SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
RESERVED = frozenset(
    {
        *("public", "information_schema", "extensions", "django", "postgres"),
        "ticketflower_inside",  # tenants/database/base.py
        "ticketflower_superusers",
    }
)


def validate_schema_name(name: str) -> None:
    """Refuse a name that Postgres keeps for itself or that would need quoting.

    Raises:
        ValidationError: the name is not `[a-z][a-z0-9_]{1,40}`, or is reserved.
    """
    if not SCHEMA_NAME.fullmatch(name):
        raise ValidationError(
            _("Use 2 to 41 lower-case letters, digits and underscores, beginning with a letter."),
            code="invalid",
        )
    if name in RESERVED or name.startswith("pg_"):
        raise ValidationError(
            _("The name %(name)s is reserved. Choose another one."),
            code="reserved",
            params={"name": name},
        )


def make_schema_name(company_name: str) -> str:
    """A readable schema name that no other company has: `acme_tools_3f9a1c`.

    The random end keeps two companies of one name apart, and keeps every name that a
    customer could think of away from the reserved ones.
    """
    readable = slugify(company_name).replace("-", "_")
    # Postgres keeps every name that begins with pg_.
    readable = re.sub(r"^([^a-z]|pg(?=_|$))+", "", readable)[:30].strip("_") or "company"
    return f"{readable}_{secrets.token_hex(3)}"
