"""The mails of transitions in a table: to whom, and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from workflows.authoring.definitions.export_bundle import messages_of_row
from workflows.bundles.telling.messages import recipient_in_words, recipients_in_words
from workflows.engine.problems import quoted
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.messages import MessageSpec
from workflows.fields.in_database.kept_people import addresses_of
from workflows.fields.in_database.kept_roles import roles_of_reminders
from workflows.models import Transition, WorkflowDefinition


@dataclass(frozen=True, slots=True)
class MailCard:
    """A mail: to whom, and what it says."""

    to: str
    subject: str
    text: str
    files: str = ""


class MailsOfWays:
    """What is said of the mails of transitions that are kept.

    A query where they name people, and one where they name company roles.
    """

    def __init__(self, transitions: Iterable[Transition], labels: Mapping[str, str]) -> None:
        sending = [each for each in transitions if each.messages]
        self.files = labels
        self.roles = roles_of_reminders(each.messages for each in sending)
        self.people = addresses_of(sending)
        self.labels: dict[str, str] = {}
        if sending:
            tasks = sending[0].workflow.tasks.all()
            self.labels |= {f"tasks.{each.key}": each.title for each in tasks}
            self.labels |= {name: quoted(label) for name, label in labels.items()}

    @classmethod
    def of_workflow(cls, workflow: WorkflowDefinition, labels: Mapping[str, str]) -> Self:
        return cls(workflow.transitions.all(), labels)

    def recipients(self, kept: Json) -> str:
        return recipients_in_words(self._said(kept), self.labels)

    def cards(self, kept: Json) -> list[MailCard]:
        return [self._card(each) for each in objects_in(self._said(kept))]

    def _said(self, kept: Json) -> Json:
        return messages_of_row(kept, self.roles, self.people)

    def _card(self, said: JsonObject) -> MailCard:
        spec = MessageSpec.of(said)
        return MailCard(
            to=recipient_in_words(said, str(spec.role), self.labels),
            subject=spec.subject,
            text=spec.text,
            files=", ".join(self.files.get(each, each) for each in spec.files),
        )
