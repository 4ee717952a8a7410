"""Who holds a token that an assistant sends, and as whose assistant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tenants.audit.acting import Actor, actor_of
from tenants.models import User


@dataclass(frozen=True, slots=True)
class Holder:
    """A person, and what their token allows. `assistant` is what uses it; empty: a program."""

    user: User
    token_id: int
    scopes: frozenset[str]
    assistant: str = ""

    def actor(self, *, sender: str) -> Actor:
        """Who acts, as the audit log keeps it: “Claude for Carla Cole <carla@…>”."""
        actor = actor_of(self.user, sender=sender)
        if not self.assistant:
            return actor
        return replace(actor, name=f"{self.assistant} for {actor.name}")


def find_holder(raw: str, *, now: datetime, address: str) -> Holder | None:
    """Whose token this is; None where it is nobody's, or is good no more.

    `address` is the network address from which it came.
    """
    return None
