"""The workbook that people begin with: every sheet, with one small example that works."""

from __future__ import annotations

from typing import Final

from workflows.bundles.document.canonical import FORMAT, FORMAT_VERSION
from workflows.engine.process import JsonObject
from workflows.workbooks.documents import FileType, write_document, write_tasks

EXAMPLE: Final[JsonObject] = {
    "format": FORMAT,
    "format_version": FORMAT_VERSION,
    "workflow": {
        "key": "my_workflow",
        "title": "My workflow",
        "description": "An example. Replace its rows by your own.",
        "fields": [
            {
                "name": "what",
                "label": "What do you need?",
                "type": "text",
                "required": True,
                "help": "One line is enough.",
                "max": 200,
            }
        ],
    },
    "tasks": [
        {
            "key": "approve",
            "title": "Approve the request",
            "description": "Decide, and say why.",
            "candidate_role": "Approver",
            "fields": [
                {
                    "name": "approved",
                    "label": "Do you approve it?",
                    "type": "boolean",
                    "required": True,
                    "seen_by": "requester",
                }
            ],
        },
        {
            "key": "prepare",
            "title": "Prepare it",
            "description": "A block: its branches run side by side. Remove it if you need none.",
            "task_type": "BLOCK",
            "branches": [
                {"key": "purchase", "title": "Purchase", "start": "buy"},
                {"key": "room", "title": "Room", "start": "make_room"},
            ],
        },
        {"key": "buy", "title": "Buy it", "branch": "prepare.purchase"},
        {"key": "make_room", "title": "Make room for it", "branch": "prepare.room"},
    ],
    "transitions": [
        {"from": "start", "to": "approve"},
        {
            "from": "approve",
            "to": "prepare",
            "label": "approved",
            "condition": {"==": [{"var": "tasks.approve.approved"}, True]},
            "priority": 1,
        },
        {
            "from": "approve",
            "to": "end",
            "label": "not approved",
            "priority": 2,
            "outcome": "bad",
        },
        {
            "from": "approve",
            "to": "end",
            "label": "not decided in time",
            "after": "P5D",
            "outcome": "neutral",
        },
        {"from": "buy", "to": "end"},
        {"from": "make_room", "to": "end"},
        {"from": "prepare", "to": "end", "label": "done"},
    ],
    "ticket_types": [
        {"key": "my_request", "title": "My request", "description": "Ask for something."}
    ],
    "company_roles": [{"name": "Approver", "description": "Decides on requests."}],
    "tests": [
        {
            "name": "What is approved",
            "ticket_type": "my_request",
            "ticket": {"what": "A chair"},
            "answers": [
                {"task": "approve", "output": {"approved": True}},
                {"task": "make_room"},
                {"task": "buy"},
            ],
            "expect": {"path": ["approve", "prepare", "buy", "make_room"], "end": "done"},
        },
        {
            "name": "Nobody decides in time",
            "ticket_type": "my_request",
            "ticket": {"what": "A chair"},
            "answers": [{"task": "approve", "after": "P5D"}],
            "expect": {"path": ["approve"], "end": "not decided in time"},
        },
    ],
}


TASKS_EXAMPLE: Final[JsonObject] = {
    "format": FORMAT,
    "format_version": FORMAT_VERSION,
    "tasks": [
        {
            "key": "check_request",
            "title": "Check the request",
            "description": "An example. Replace its rows by your own.",
            "candidate_role": "Approver",
            "due_in": "P2D",
            "fields": [
                {
                    "name": "approved",
                    "label": "Do you approve it?",
                    "type": "boolean",
                    "required": True,
                    "seen_by": "requester",
                },
                {"name": "reason", "label": "Why?", "type": "long_text", "seen_by": "requester"},
            ],
        }
    ],
    "company_roles": [{"name": "Approver", "description": "Decides on requests."}],
}


def write_tasks_template(file_type: FileType = FileType.XLSX) -> bytes:
    """The same for task definitions without the rest of their workflow."""
    return write_tasks(TASKS_EXAMPLE, file_type, around={})


def write_template(file_type: FileType = FileType.XLSX) -> bytes:
    """The template: headings with explanations, drop-down lists, and an example in its rows."""
    return write_document(EXAMPLE, file_type)
