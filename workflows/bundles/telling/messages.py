"""Mails of steps and of ways, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.checks.messages import TASKS, sends_message
from workflows.bundles.outline.kinds import fields_by_name
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import quoted, short
from workflows.engine.process import Json, objects_in
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


def messages_in_words(value: Json, labels: Mapping[str, str]) -> Iterator[str]:
    """The mails of a transition, a line each."""
    for each in objects_in(value):
        yield message_in_words(each, str(each.get("role") or ""), labels)


def recipients_in_words(value: Json, labels: Mapping[str, str]) -> str:
    """For the picture: who gets the mails of a transition; empty where it sends none."""
    found = (
        recipient_in_words(each, str(each.get("role") or ""), labels) for each in objects_in(value)
    )
    return ", ".join(dict.fromkeys(found))


def labels_of_recipients(document: object) -> dict[str, str]:
    """How tasks and questions are called in words about mails.

    The document may be wrong in any place.
    """
    outline = Outline(document if isinstance(document, dict) else {})
    labels = {f"{TASKS}{key}": outline.title_of(key) for key in outline.task_of}
    return labels | {
        name: quoted(short(field.label or field.name))
        for name, field in fields_by_name(outline).items()
    }


def mails_in_words(document: object) -> Callable[[Json], str]:
    """For the picture: who gets the mails of a transition of this document."""

    @cache
    def labels() -> dict[str, str]:
        return labels_of_recipients(document)

    return lambda messages: recipients_in_words(messages, labels())


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
    labels = labels_of_recipients(document)
    return {
        key: _("to %(to)s")
        % {"to": recipient_in_words(task.value["message"], task.text("candidate_role"), labels)}
        for key, task in sending.items()
    }
