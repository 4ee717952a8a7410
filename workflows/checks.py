"""Mistakes in the settings, found when the program starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from tenants.encryption import SHORTEST_KEY, check_keys
from workflows.actions.destinations import parse_allowed_networks, parse_connect_to


@register
def check_action_destinations(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        parse_connect_to(settings.ACTION_CONNECT_TO)
    except ValueError as error:
        found.append(
            Error(
                f"ACTION_CONNECT_TO is wrong: {error}",
                hint="Write entries such as accounting.example:443=127.0.0.1:8443, with commas "
                "between them and IPv6 addresses in brackets.",
                id="workflows.E001",
            )
        )
    try:
        parse_allowed_networks(settings.ACTION_ALLOWED_NETWORKS)
    except ValueError as error:
        found.append(
            Error(
                f"ACTION_ALLOWED_NETWORKS is wrong: {error}",
                hint="Write networks such as 10.1.0.0/16 (host bits zero), addresses, or host "
                "names without a port, with commas between them.",
                id="workflows.E002",
            )
        )
    return found


@register
def check_encryption_keys(**kwargs: Any) -> list[CheckMessage]:
    try:
        check_keys(settings.FIELD_ENCRYPTION_KEYS)
    except ValueError as error:
        return [
            Error(
                f"FIELD_ENCRYPTION_KEYS is wrong: {error}",
                hint="Signing secrets are encrypted with it. Put a random value of at least "
                f"{SHORTEST_KEY} characters into the environment or .env, the same on every web "
                "server and worker, and keep it: without it the secrets cannot be read any more. "
                'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"',
                id="workflows.E003",
            )
        ]
    return []
