"""Ticket types that steps of a document start: whether they are there, and take what they get.

What is certain is told here; the rest comes out when a ticket comes to the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext as _

from workflows.bundles import Problem, Severity
from workflows.bundles.document.canonical import END, START
from workflows.bundles.document.problems import path_in_words
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.kinds import fields_by_name, variable_name
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.subtickets import subtickets_of
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.task_types import SUBTICKET_TYPES
from workflows.fields.field import Field
from workflows.fields.specs.specs import check_fields, parse_fields
from workflows.models import DefinitionStatus, TaskDefinition, TicketDefinition


def started_type_problems(document: JsonObject, *, is_published: bool) -> list[Problem]:
    """A type that is not there is an error; one that is not published yet is when this is."""
    outline = Outline(document)
    steps = subtickets_of(outline)
    if not any(task.text("ticket_type") for task in steps.values()):
        return []
    check = _Check(outline, is_published=is_published)
    found = [each for key, task in steps.items() for each in check.problems(key, task)]
    return [replace(each, where=path_in_words(document, each.path)) for each in found]


@dataclass(frozen=True, slots=True)
class _Type:
    """A ticket type of another workflow: the version that is offered, or else the newest."""

    title: str
    fields: Mapping[str, Field]
    presets: frozenset[str]
    is_offered: bool
    workflow_id: int


class _Check:
    def __init__(self, outline: Outline, *, is_published: bool) -> None:
        self.outline = outline
        self.is_published = is_published
        self.own = {each.text("key"): each for each in outline.ticket_types}
        self.types = _types(outline)
        self.answers = fields_by_name(outline)

    def problems(self, key: str, task: Entry) -> Iterator[Problem]:
        name, path = task.text("ticket_type"), (*task.path, "ticket_type")
        if not name:  # told elsewhere
            return
        if name in self.own:
            yield self._of_itself(key, path, name)
            yield from self._answers(task, self._own_type(name))
            return
        found = self.types.get(name)
        if found is None:
            known = [*self.own, *self.types]
            meant = nearest(name, known)
            message = _("There is no ticket type “%(key)s”.") % {"key": short(name)}
            advice = did_you_mean(meant) or " " + _("Import its workflow first.")
            yield Problem(path, message + advice, name, ", ".join(known), meant)
            return
        if not found.is_offered:
            message = _(
                "The ticket type “%(type)s” is not published. Publish its workflow, or no ticket "
                "of it can be started."
            )
            severity = Severity.ERROR if self.is_published else Severity.WARNING
            yield Problem(path, message % {"type": found.title}, name, severity=severity)
        if self._comes_back(found):
            message = _(
                "“%(type)s” starts tickets of this workflow in turn. Tickets start each other at "
                "most %(most)d deep: see to it that a condition ends this."
            )
            words = {"type": found.title, "most": settings.SUBTICKETS_DEEPEST}
            yield Problem(path, message % words, name, severity=Severity.WARNING)
        yield from self._answers(task, found)

    def _of_itself(self, key: str, path: Path, name: str) -> Problem:
        """Whether there is a way past the step decides how bad that is."""
        is_certain = (
            self.outline.is_connected
            and not self.outline.branch_of.get(key)
            and END not in self.outline.reachable(START, without=key)
        )
        if is_certain:
            message = _(
                "Each ticket of this workflow would start another one of it, without an end. Add a "
                "way to the end that does not lead through this step."
            )
            return Problem(path, message, name)
        message = _(
            "The workflow starts tickets of itself. They start each other at most %(most)d deep: "
            "see to it that a condition ends this."
        )
        words = {"most": settings.SUBTICKETS_DEEPEST}
        return Problem(path, message % words, name, severity=Severity.WARNING)

    def _own_type(self, name: str) -> _Type:
        presets = self.own[name].value.get("presets")
        return _Type(
            title=self.own[name].text("title") or name,
            fields=self.outline.fields or {},
            presets=frozenset(presets if isinstance(presets, dict) else ()),
            is_offered=True,
            workflow_id=0,
        )

    def _comes_back(self, found: _Type) -> bool:
        """Whether what it starts, perhaps by way of others, starts a type of this document."""
        seen, waiting = set[int](), [found.workflow_id]
        while waiting:
            started = set(
                TaskDefinition.objects.filter(
                    workflow__in=waiting, task_type__in=SUBTICKET_TYPES
                ).values_list("ticket_type", flat=True)
            )
            if started & set(self.own):
                return True
            seen |= set(waiting)
            offered = TicketDefinition.objects.active().filter(key__in=started)
            waiting = [
                pk for pk in set(offered.values_list("workflow", flat=True)) if pk not in seen
            ]
        return False

    def _answers(self, task: Entry, found: _Type) -> Iterator[Problem]:
        """Whether the form of the other type takes what it is given, as far as that is certain."""
        given, path = task.value.get("input_transform"), (*task.path, "input_transform")
        if given in (None, {}, ""):
            given = {}
        if not isinstance(given, dict):
            return  # told elsewhere
        words = {"type": found.title}
        for name, value in given.items():
            if name.startswith("$"):
                return
            field = found.fields.get(name)
            if field is None:
                meant = nearest(name, found.fields)
                message = _("The form of “%(type)s” has no question “%(name)s”.")
                text = message % {**words, "name": short(name)}
                known = ", ".join(found.fields)
                yield Problem((*path, name), text + did_you_mean(meant), name, known, meant)
            elif name in found.presets:
                message = _("The ticket type “%(type)s” sets “%(name)s” itself. Remove it here.")
                text = message % {**words, "name": name}
                yield Problem((*path, name), text, name)
            else:
                yield from self._answer((*path, name), value, field, found)
        for name, field in found.fields.items():
            is_needed = field.required and name not in found.presets and name not in given
            if is_needed and not field.visible_when and not field.is_computed:
                message = _("“%(type)s” needs an answer to “%(name)s” (%(key)s). Give it one.")
                text = message % {**words, "name": field.label, "key": name}
                yield Problem(path, text, expected=name)

    def _answer(self, path: Path, value: Json, field: Field, found: _Type) -> Iterator[Problem]:
        words = {"type": found.title, "name": field.label}
        if field.type.key in _FILES:
            message = _("A file stays with its ticket: “%(name)s” cannot be given one.")
            yield Problem(path, message % words, value)
            return
        source = self.answers.get(variable_name(value))
        if source is not None and source.type.kind != field.type.kind:
            message = _("“%(name)s” of “%(type)s” takes %(wanted)s, and this is %(kind)s.")
            kinds = {"wanted": _(field.type.kind), "kind": _(source.type.kind)}
            yield Problem(path, message % {**words, **kinds}, value, expected=_(field.type.kind))


_FILES = ("file", "files")


def started_types() -> list[JsonObject]:
    """The ticket types that a step may start, as the editor knows them; one query."""
    rows = TicketDefinition.objects.active().filter(workflow__status=DefinitionStatus.PUBLISHED)
    return [
        {"key": each.key, "title": each.title, "questions": _questions(each)}
        for each in rows.select_related("workflow").order_by("title", "key")
    ]


def _questions(definition: TicketDefinition) -> list[Json]:
    specs = definition.workflow.fields
    presets = definition.presets if isinstance(definition.presets, dict) else {}
    if check_fields(specs):
        return []
    return [[field.name, field.label] for field in parse_fields(specs) if field.name not in presets]


def _types(outline: Outline) -> dict[str, _Type]:
    """The ticket types that the company has besides those of the document; one query."""
    own = {each.text("key") for each in outline.ticket_types}
    named = {task.text("ticket_type") for task in subtickets_of(outline).values()} - own
    found: dict[str, _Type] = {}
    rows = (
        TicketDefinition.objects.exclude(key__in=own)
        .filter(key__in=named)
        .select_related("workflow")
        .order_by("key", "-is_active", "-version")
    )
    for each in rows:
        if each.key in found:
            continue
        specs = each.workflow.fields
        fields = {} if check_fields(specs) else {field.name: field for field in parse_fields(specs)}
        presets = each.presets if isinstance(each.presets, dict) else {}
        is_offered = each.is_active and each.workflow.status == DefinitionStatus.PUBLISHED
        found[each.key] = _Type(
            title=each.title,
            fields=fields,
            presets=frozenset(presets),
            is_offered=is_offered,
            workflow_id=each.workflow_id,
        )
    return found
