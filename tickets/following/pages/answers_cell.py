"""The answers of a ticket in a list."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tickets.following.listed_answers import listed_answers
from tickets.models import Ticket
from workflows.models import WorkflowDefinition


def answers_cell(ticket: Ticket, workflow: WorkflowDefinition) -> SafeString | str:
    """Each listed answer on a line, after its question; empty where there is none."""
    rows = format_html_join(
        "", "<div><dt>{}</dt><dd>{}</dd></div>", listed_answers(ticket, workflow)
    )
    return format_html('<dl class="tk-listed">{}</dl>', rows) if rows else ""
