"""Which types a file may have in its next version: those of the question that it answers."""

from __future__ import annotations

from tickets.models import FileUpload
from tickets.seeing import outputs_now
from workflows.engine.process import Json
from workflows.fields.answers.uploads import uploads_in
from workflows.fields.file.accepted import ACCEPT, entries_in


def accepted_types(upload: FileUpload) -> tuple[str, ...]:
    """The entries of the question; none: every file. Fetch it by `with_what_decides`.

    No query: a file of a message has no question, nor has one that an answer named before.
    """
    ticket, first = upload.ticket, upload.first_version
    if ticket is None or first.message_id is not None:
        return ()
    answered = [(ticket.workflow.fields, ticket.data)]
    answered += [(definition.fields, output) for definition, output in outputs_now(ticket)]
    for specs, answers in answered:
        for spec in _objects(specs):
            if any(first.uuid in keys for keys in uploads_in([spec], answers).values()):
                return entries_in(spec.get(ACCEPT))
    return ()


def _objects(specs: Json) -> list[dict[str, Json]]:
    return [each for each in specs if isinstance(each, dict)] if isinstance(specs, list) else []
