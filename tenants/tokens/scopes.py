"""What a token may be for, and what none that an assistant uses ever is.

A scope gives no right: it says which of its owner's rights a token has. None is for secrets, so no
token reads or changes one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """The values stand in the database and in what programs read: they never change."""

    TICKETS_READ = "tickets:read", _("Read ticket types and tickets")
    TICKETS_WRITE = "tickets:write", _("Submit, answer and withdraw tickets")
    TASKS_READ = "tasks:read", _("Read tasks")
    TASKS_WRITE = "tasks:write", _("Claim, do and hand on tasks")
    DEFINITIONS_READ = "definitions:read", _("Read and check workflows")
    DEFINITIONS_DRAFT = "definitions:draft", _("Write, try and test drafts of workflows")
    DEFINITIONS_PUBLISH = "definitions:publish", _("Publish workflows, move tickets")
    ERRORS_READ = "errors:read", _("Read ticket errors")
    ERRORS_REPAIR = "errors:repair", _("Repair tickets")
    PEOPLE_READ = "people:read", _("Read people and roles")
    PEOPLE_WRITE = "people:write", _("Change people and roles")
    NOTICES_READ = "notices:read", _("Read notices")
    NOTICES_WRITE = "notices:write", _("Mark notices as read, choose which come by mail")
    REPORTS_READ = "reports:read", _("Read reports")
    SETTINGS_READ = "settings:read", _("Read settings, without secrets")
    SETTINGS_WRITE = "settings:write", _("Change settings, pause webhooks")
    AUDIT_READ = "audit:read", _("Read the audit log")


# A person decides: an assistant prepares, and never publishes, says who may do what, or changes
# what a company has set up.
NEVER_FOR_ASSISTANTS: Final = frozenset(
    {Scope.DEFINITIONS_PUBLISH, Scope.PEOPLE_WRITE, Scope.SETTINGS_WRITE}
)

# In the order in which they are named.
FOR_ASSISTANTS: Final = tuple(each for each in Scope if each not in NEVER_FOR_ASSISTANTS)


def scopes_for(names: Iterable[str], *, assistant: str) -> frozenset[Scope]:
    """What these names allow whoever uses the token: an assistant, or a program (empty).

    Names that this code does not know allow nothing.
    """
    known = frozenset(Scope(name) for name in names if name in Scope)
    return known - NEVER_FOR_ASSISTANTS if assistant else known
