from __future__ import annotations

from django.utils.translation import gettext as _

from tenants.models import User


def signed(text: str, *, assistant: str, person: User) -> str:
    """What an assistant writes, with who wrote it for the person under whose name it stands.

    Without an assistant (empty) it is the person's own.
    """
    text = text.rstrip()
    if not assistant or not text:
        return text
    return f"{text}\n\n" + _("— %(assistant)s, for %(person)s") % {
        "assistant": assistant,
        "person": str(person),
    }
