"""Ticket types that people outside may begin: their addresses."""

from __future__ import annotations

from typing import Final

from django.core import signing
from django.urls import reverse

from tenants.connection import current_schema
from tenants.mail.set_up import absolute
from workflows.models import TicketDefinition

LONGEST_TOKEN: Final = 300
_SIGNER: Final = signing.Signer(salt="workflows.public_start")


def is_public(definition: TicketDefinition) -> bool:
    """Whether people outside may begin such a ticket now. Fetch it with its workflow."""
    return bool(definition.public_for and definition.is_active and definition.workflow.is_published)


def public_address(key: str) -> str:
    """The absolute address of a type of the company at work: the same for all its versions."""
    token = _SIGNER.sign_object([current_schema(), key])
    return absolute(reverse("public_start", args=[token]))


def read_public_token(token: str) -> tuple[str, str] | None:
    """The company's schema and the key of the type; None: we have not signed it."""
    try:
        if len(token) > LONGEST_TOKEN:
            return None
        schema, key = _SIGNER.unsign_object(token)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return str(schema), str(key)
