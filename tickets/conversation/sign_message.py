"""What an assistant writes stands under the name of its person: the text says who wrote it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tenants.audit.acting import through_of
from tenants.models import User


def signed(text: str, *, by: User) -> str:
    """The text, with which assistant writes it now for this person; as it is where none does.

    By whatever door it comes, so that readers need no history to tell. Without words there is
    nothing to sign.
    """
    through = through_of(by.pk)
    if through is None or not through.assistant or not text:
        return text
    words = {"assistant": through.assistant, "person": str(by)}
    return f"{text}\n\n" + _("— %(assistant)s, for %(person)s") % words
