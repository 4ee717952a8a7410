"""What was answered so far in a try: it travels in the page, signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from django.core import signing

from tenants.connection import current_schema
from workflows.bundles.trying.trial import EXAMPLE_SUBMITTER
from workflows.engine.process import Json, JsonObject
from workflows.engine.simulate import Answer, read_answers
from workflows.models import WorkflowDefinition

# It comes back with each step.
MOST_CHARACTERS: Final = 400_000


@dataclass(frozen=True, slots=True)
class TryState:
    """What was answered so far. `ticket` is None before the ticket's form was filled in.

    `case` is the name of the test case that this try began from; empty where there was none.
    `today` is the day on which it happens, such as 2026-10-30; empty: today.
    """

    ticket_type: str = ""
    submitter: dict[str, str] = field(default_factory=dict)
    ticket: JsonObject | None = None
    answers: tuple[Answer, ...] = ()
    case: str = ""
    today: str = ""

    def signed_state(self, workflow: WorkflowDefinition) -> str:
        """The state as signed text, for this version of this company's workflow alone."""
        document = {
            "ticket_type": self.ticket_type,
            "submitter": self.submitter,
            "ticket": self.ticket,
            "answers": [asdict(each) for each in self.answers],
            "case": self.case,
            "today": self.today,
        }
        return signing.dumps(document, salt=_signing_salt(workflow), compress=True)


def read_signed_state(text: str, workflow: WorkflowDefinition) -> TryState | None:
    """The state in a page that came back; None where it is not one that we made."""
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        document = signing.loads(text, salt=_signing_salt(workflow))
    except signing.BadSignature:
        return None
    if not isinstance(document, dict):
        return None
    # An older version of this program may have signed something else.
    ticket, submitter = document.get("ticket"), document.get("submitter")
    return TryState(
        ticket_type=str(document.get("ticket_type", "")),
        submitter=submitter_texts(submitter if isinstance(submitter, dict) else {}),
        ticket=ticket if isinstance(ticket, dict) else None,
        answers=tuple(read_answers(document.get("answers"))),
        case=str(document.get("case", "")),
        today=str(document.get("today", "")),
    )


def submitter_texts(submitter: Mapping[str, Json]) -> dict[str, str]:
    return {name: str(submitter.get(name, "")) for name in EXAMPLE_SUBMITTER}


def _signing_salt(workflow: WorkflowDefinition) -> str:
    return f"tickets.try:{current_schema()}:{workflow.pk}"
