"""By what a person acts: with a token of theirs, which the history and the audit log then say."""

from __future__ import annotations

from tenants.audit.acting import Actor, Through, actor_of
from tenants.tokens.holder import Holder


def actor_of_holder(holder: Holder, *, sender: str = "") -> Actor:
    """Whoever a token acts for, as the log keeps it, with the token and its assistant."""
    token = holder.token
    through = Through(token=token.name, number=token.pk, assistant=token.assistant)
    return actor_of(holder.user, sender=sender, through=through)
