"""What lists show of the answers of a ticket: those that its form marks as `listed`."""

from __future__ import annotations

from typing import Final

from django.utils.text import Truncator

from tickets.models import Ticket
from workflows.engine.process import Json
from workflows.forms import answer_text
from workflows.models import WorkflowDefinition
from workflows.running.definition_cache import definition_of

MOST_ANSWERS: Final = 3
LONGEST_ANSWER: Final = 60


def listed_answers(ticket: Ticket, workflow: WorkflowDefinition) -> list[tuple[str, str]]:
    """The first answers that lists show, each with its question, in the order of the form.

    No query of its own, once the process knows the version that the ticket runs on.
    """
    names = listed_names(workflow.fields)
    data = ticket.data if isinstance(ticket.data, dict) else {}
    if not any(name in data for name in names):
        return []
    found = []
    for question in definition_of(workflow.pk).ticket_form({}).all_fields:
        if question.name in names and data.get(question.name) is not None:
            text = " ".join(answer_text(question, data[question.name]).split())
            if text:
                found.append((question.label, Truncator(text).chars(LONGEST_ANSWER)))
        if len(found) == MOST_ANSWERS:
            break
    return found


def answer_of(ticket: Ticket, workflow: WorkflowDefinition, name: str) -> str:
    """The answer to one listed question; empty where there is none in this version."""
    data = ticket.data if isinstance(ticket.data, dict) else {}
    if data.get(name) is None or name not in listed_names(workflow.fields):
        return ""
    for question in definition_of(workflow.pk).ticket_form({}).all_fields:
        if question.name == name:
            text = " ".join(answer_text(question, data[name]).split())
            return Truncator(text).chars(LONGEST_ANSWER)
    return ""


def listed_names(specs: Json) -> set[str]:
    """The names of the questions of a form that lists show."""
    return {
        str(each["name"])
        for each in (specs if isinstance(specs, list) else [])
        if isinstance(each, dict) and each.get("listed") is True and "name" in each
    }
