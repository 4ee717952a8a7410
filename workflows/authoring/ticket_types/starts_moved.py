"""That the recurring starts of ticket types may be others now: the app above runs them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tenants.hooks import Hook
from tenants.models import User

# With the keys of the ticket types, and who did it, in the transaction that changes them.
STARTS_MOVED: Final[Hook[[Collection[str], User | None], None]] = Hook()
