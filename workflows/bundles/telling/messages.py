"""Steps that send a mail, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.checks.messages import TASKS, sends_message
from workflows.bundles.outline.kinds import fields_by_name
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import quoted, short
from workflows.engine.process import Json
from workflows.engine.steps.messages import MessageSpec, Recipient

_WHO = {
    Recipient.REQUESTER: gettext_lazy("the requester"),
    Recipient.MANAGER: gettext_lazy("the requester's manager"),
    Recipient.ANSWER: gettext_lazy("whoever %(named)s names"),
    Recipient.DOER: gettext_lazy("whoever did %(named)s"),
    Recipient.PERSON: "%(named)s",
    Recipient.ROLE: gettext_lazy("members of %(role)s"),
    Recipient.ADDRESS: "%(named)s",
}


def recipient_in_words(value: Json, role: str, labels: Mapping[str, str]) -> str:
    """Who gets a mail. `labels` are those of `assignment_in_words`."""
    spec = MessageSpec.of(value)
    named = f"{TASKS}{spec.named}" if spec.who is Recipient.DOER else spec.named
    words = {"named": labels.get(named, spec.named), "role": role or _("nobody")}
    return str(_WHO[spec.who]) % words


def message_in_words(value: Json, role: str, labels: Mapping[str, str]) -> str:
    """A mail in one line: to whom, and its subject."""
    spec = MessageSpec.of(value)
    to = recipient_in_words(value, role, labels)
    return _("mail to %(to)s: %(subject)s") % {"to": to, "subject": quoted(short(spec.subject))}


def message_notes(document: object) -> dict[str, str]:
    """For the picture: {task key: who gets the mail}. The document may be wrong in any place."""
    outline = Outline(document if isinstance(document, dict) else {})
    sending = {
        key: task
        for key, task in outline.task_of.items()
        if sends_message(task) and isinstance(task.value.get("message"), dict)
    }
    if not sending:
        return {}
    labels = {f"{TASKS}{key}": outline.title_of(key) for key in outline.task_of}
    labels |= {
        name: quoted(short(field.label or field.name))
        for name, field in fields_by_name(outline).items()
    }
    return {
        key: _("to %(to)s")
        % {"to": recipient_in_words(task.value["message"], task.text("candidate_role"), labels)}
        for key, task in sending.items()
    }
