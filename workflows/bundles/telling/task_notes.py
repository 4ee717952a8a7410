"""What the picture says of a task beneath its title: a chip each."""

from __future__ import annotations

from workflows.bundles.telling.assignments import approval_notes, assignments_in_words
from workflows.bundles.telling.assistants import assistants_in_words
from workflows.bundles.telling.edits import all_edits_in_words
from workflows.bundles.telling.messages import message_notes
from workflows.bundles.telling.subtickets import subticket_notes
from workflows.bundles.telling.times import reminder_notes


def task_notes(document: object) -> dict[str, list[str]]:
    """{task key: lines}, of the tasks that have some. The document may be wrong in any place."""
    found: dict[str, list[str]] = {}
    for words in (
        assignments_in_words(document),
        approval_notes(document),
        assistants_in_words(document),
        all_edits_in_words(document),
        reminder_notes(document),
        subticket_notes(document),
        message_notes(document),
    ):
        for key, line in words.items():
            found.setdefault(key, []).append(line)
    return found
