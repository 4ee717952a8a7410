"""What subjects that stand above definitions add to their pages: they register it here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.safestring import SafeString

from tenants.hooks import Hook
from workflows.engine.process import JsonObject
from workflows.models import WorkflowDefinition


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence on a version's page; `url` leads where something can be done about it."""

    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a version's page: at the side, or above everything. The lowest `order` is first."""

    html: SafeString
    order: int
    is_above: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """What conditions and transforms read of a real ticket; `number` is the ticket's."""

    context: JsonObject
    number: int


# Where a draft is used, a sentence each: a draft that is used cannot be deleted.
uses_of_draft: Hook[[WorkflowDefinition], Iterable[str]] = Hook()
# Parts of a version's page.
panels: Hook[[HttpRequest, WorkflowDefinition], Panel | None] = Hook()
# What stands beside the versions on a version's page.
version_notices: Hook[[HttpRequest, WorkflowDefinition], Notice | None] = Hook()
# How much still runs on any version of this workflow.
running_count: Hook[[WorkflowDefinition], int] = Hook()
# The latest ticket of a workflow's key, for whoever may see it.
latest_sample: Hook[[HttpRequest, str], Sample | None] = Hook()
