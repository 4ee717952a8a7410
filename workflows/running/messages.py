"""Steps that send a mail: what the app above does, which knows tickets and writes the mails."""

from __future__ import annotations

from datetime import datetime

from tenants.hooks import Hook
from workflows.engine.process import JsonObject
from workflows.engine.steps.at_once import Made
from workflows.models import TaskInstance

# Puts the mails of a step into the outbox, in its transaction, and gives what its event says. Of
# the task, what conditions read at it, and the moment. It raises AtOnceError where it cannot.
SEND_MESSAGE: Hook[[TaskInstance, JsonObject, datetime], JsonObject] = Hook()


def send_message(task: TaskInstance, context: JsonObject, *, now: datetime) -> Made:
    """Send the mail of a step. All that was done before is written.

    Raises:
        AtOnceError: nobody can be written to, or too many mails were sent.
    """
    note: JsonObject = {}
    for each in SEND_MESSAGE.call_all(task, context, now):
        note |= each
    return Made({}, note)
