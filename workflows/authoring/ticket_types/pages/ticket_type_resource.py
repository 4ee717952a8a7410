"""The ticket types as a table: to download, and to upload again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tenants.errors import TicketFlowerError
from tenants.names import name_key
from tenants.refusals import refusals
from workflows.authoring.ticket_types.add_ticket_type import add_ticket_type
from workflows.authoring.ticket_types.change_ticket_type import (
    change_ticket_type,
    ensure_texts,
    ticket_type_marker,
)
from workflows.engine.errors import FieldError
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.presets import check_presets
from workflows.fields.answers.validation import validator_for
from workflows.fields.in_database.look_up import facts_for
from workflows.fields.specs.known_choices import with_known_choices
from workflows.flat import FlatResource, FlatRow
from workflows.flat.errors import FlatFileError
from workflows.flat.formats import Table
from workflows.flat.resource import chosen, column, names_as_text, yes_or_no
from workflows.models import CompanyRole, DefinitionStatus, TicketDefinition, WorkflowDefinition
from workflows.workbooks.cells.kind import Scope, read_cell, write_cell
from workflows.workbooks.cells.kinds import PRESETS
from workflows.workbooks.cells.lines import UnreadableCellError

_TEXTS: Final = ("title", "description")


@dataclass
class TicketTypeRow(FlatRow):
    """A version of a ticket type; `workflow` is the key of the workflow that it starts.

    `roles` are the names of company roles: none means everybody. `fields` are those of the
    workflow, which say what presets are.
    """

    key: str = ""
    version: int = 1
    title: str = ""
    description: str = ""
    workflow: str = ""
    is_active: bool = True
    roles: tuple[str, ...] = ()
    presets: JsonObject = field(default_factory=dict)
    fields: Json = None

    def __str__(self) -> str:
        return self.key

    @property
    def roles_text(self) -> str:
        return names_as_text(self.roles)

    @property
    def presets_text(self) -> str:
        if not self.presets:
            return ""
        return str(write_cell(PRESETS, self.presets, _scope(self.fields)) or "")


class TicketTypeResource(FlatResource[TicketTypeRow]):
    """Ticket types by key and version; those that a file does not have stay.

    What a type asks for belongs to its workflow's version. So of a type that is there, only
    its title, its description, who may submit it and whether it is offered change, and only
    of a published workflow: a draft's types are edited in the draft.
    """

    key = column("key", "Key")
    version = column("version", "Version")
    title = column("title", "Title")
    description = column("description", "Description")
    workflow = column("workflow", "Workflow")
    is_active = column("is_active", "Active")
    roles = column("roles_text", "Roles with access")
    presets = column("presets_text", "Presets")

    aliases = {
        "roles": ("roles", "company roles"),
        "workflow": ("workflow key",),
        "is_active": ("is active", "offered"),
    }

    def row_of(self, thing: TicketDefinition) -> TicketTypeRow:
        return TicketTypeRow(
            pk=thing.pk,
            key=thing.key,
            version=thing.version,
            title=thing.title,
            description=thing.description,
            workflow=thing.workflow.key,
            is_active=thing.is_active,
            roles=tuple(sorted(role.name for role in thing.roles_with_access.all())),
            presets=thing.presets if isinstance(thing.presets, dict) else {},
            fields=thing.workflow.fields,
        )

    def filter_export(self, queryset: QuerySet[TicketDefinition], **options: Any) -> Any:
        return queryset.select_related("workflow").prefetch_related("roles_with_access")

    def load(self, table: Table) -> None:
        things = TicketDefinition.objects.select_related("workflow").prefetch_related(
            "roles_with_access"
        )
        self.things = {each.pk: each for each in things}
        self.versions = {(each.key, each.version): each for each in self.things.values()}
        self.current: dict[str, TicketDefinition] = {}
        for each in sorted(self.things.values(), key=_weight):
            self.current[each.key] = each
        self.published = {each.key: each for each in WorkflowDefinition.objects.published()}
        self.roles_by_name = {name_key(each.name): each for each in CompanyRole.objects.all()}

    def find(self, cells: Mapping[str, str]) -> TicketTypeRow:
        key, version, self.refusal = cells.get("key", ""), cells.get("version", ""), ""
        if not key:
            self.refusal = _("Write the key of a ticket type.")
        thing = self.current.get(key)
        if thing is not None and version:
            thing = self._version(key, version) or thing
            if str(thing.version) != version:
                self.refusal = _(
                    "This ticket type has no such version. Leave the version out: the one that "
                    "counts is taken."
                )
        name = f"{key} {thing.version}" if thing is not None else key
        if name in self.seen and not self.refusal:
            self.refusal = _("This ticket type stands in the file twice.")
        self.seen[name] = 1
        return self.row_of(thing) if thing is not None else TicketTypeRow(key=key)

    def read(self, row: TicketTypeRow, cells: Mapping[str, str]) -> dict[str, str]:
        wrong = {"key": self.refusal} if self.refusal else {}
        before = replace(row)
        for name in _TEXTS:
            if name in cells:
                setattr(row, name, cells[name])
        wrong |= self._wrong_texts(row)
        if text := cells.get("is_active", ""):
            active = yes_or_no(text)
            if active is None:
                wrong["is_active"] = _("Write yes or no.")
            else:
                row.is_active = active
        if "roles" in cells:
            found, message = chosen(cells["roles"], self.roles_by_name, self._no_role)
            row.roles = tuple(sorted(each.name for each in found))
            wrong |= {"roles": message} if message else {}
        if row.pk is None:
            return self._wrong_of_new(row, cells) | wrong
        wrong = self._wrong_of_version(before, cells) | wrong
        if not wrong and row != before and (refusal := self._unchangeable(row)):
            wrong["key"] = refusal
        return wrong

    def apply(self, rows: Sequence[TicketTypeRow]) -> None:
        # What is switched off comes first: at most one version of a key is active.
        for row in sorted(rows, key=lambda each: each.is_active):
            try:
                with transaction.atomic():
                    self._save(row)
            except (TicketFlowerError, ValidationError) as error:
                text = " ".join(
                    error.messages if isinstance(error, ValidationError) else [str(error)]
                )
                message = _("Ticket type “%(key)s”: %(message)s")
                raise FlatFileError(message % {"key": row.key, "message": text}) from error

    def _save(self, row: TicketTypeRow) -> None:
        roles = [self.roles_by_name[name_key(name)] for name in row.roles]
        if row.pk is None:
            add_ticket_type(
                workflow=self.published[row.workflow],
                key=row.key,
                title=row.title,
                description=row.description,
                presets=row.presets,
                roles=roles,
                is_active=row.is_active,
                user=self.user,
            )
            return
        thing = self.things[row.pk]
        change_ticket_type(
            definition=thing,
            roles=roles,
            is_active=row.is_active,
            title=row.title,
            description=row.description,
            expected=ticket_type_marker(thing),
        )

    # What is wrong

    def _version(self, key: str, text: str) -> TicketDefinition | None:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
        return self.versions.get((key, number))

    def _wrong_texts(self, row: TicketTypeRow) -> dict[str, str]:
        """What a title, a description, and of a new type a key, cannot be."""
        made = TicketDefinition(title=row.title, description=row.description)
        try:
            ensure_texts(made)
        except ValidationError as error:
            return {name: " ".join(texts) for name, texts in error.message_dict.items()}
        row.title = made.title
        return {}

    def _wrong_of_new(self, row: TicketTypeRow, cells: Mapping[str, str]) -> dict[str, str]:
        wrong: dict[str, str] = {}
        key_field: Any = TicketDefinition._meta.get_field("key")
        try:
            key_field.clean(row.key, None)
        except ValidationError as error:
            wrong["key"] = " ".join(error.messages)
        if cells.get("version", "") not in ("", "1"):
            wrong["version"] = _("There is no ticket type with this key yet: leave this empty.")
        row.workflow = cells.get("workflow", "")
        workflow = self.published.get(row.workflow)
        if workflow is None:
            return wrong | {"workflow": self._no_workflow(row)}
        row.fields = workflow.fields
        presets, message = self._presets(row.fields, cells.get("presets", ""))
        row.presets = presets
        return wrong | ({"presets": message} if message else {})

    def _wrong_of_version(self, before: TicketTypeRow, cells: Mapping[str, str]) -> dict[str, str]:
        """What a file says otherwise that belongs to the version."""
        wrong: dict[str, str] = {}
        if cells.get("workflow", before.workflow) != before.workflow:
            text = _("A ticket type stays with its workflow: “%(key)s”.") % {"key": before.workflow}
            wrong["workflow"] = text
        if "presets" in cells and cells["presets"] != before.presets_text:
            presets, message = self._presets(before.fields, cells["presets"])
            if message or presets != before.presets:
                wrong["presets"] = message or _(
                    "What a ticket type asks for belongs to its workflow. Change the presets in "
                    "a draft of it."
                )
        return wrong

    def _presets(self, fields: Json, text: str) -> tuple[JsonObject, str]:
        """The presets in a cell, and what is wrong with them."""
        with refusals(UnreadableCellError, FieldError) as refused:
            found = read_cell(PRESETS, text, _scope(fields))
            presets = with_known_choices(fields, found) if isinstance(found, dict) else {}
            form = validator_for(fields, presets=presets)
            for problem in check_presets(fields, presets, facts=facts_for(form, {})):
                text = f"{problem.field}: {problem.message}" if problem.field else problem.message
                return {}, text
            return presets, ""
        return {}, refused.text

    def _unchangeable(self, row: TicketTypeRow) -> str:
        """Why this version cannot change; empty where it can."""
        workflow = self.things[row.pk or 0].workflow
        title = {"workflow": workflow.title}
        if workflow.status == DefinitionStatus.DRAFT:
            text = _("This version belongs to a draft of “%(workflow)s”. Change it in the draft.")
            return text % title
        if workflow.status == DefinitionStatus.RETIRED:
            text = _("This version belongs to a retired version of “%(workflow)s”.")
            return text % title
        return ""

    def _no_workflow(self, row: TicketTypeRow) -> str:
        if not row.workflow:
            return _("There is no ticket type with this key. For a new one, name its workflow.")
        meant = nearest(row.workflow, self.published)
        text = _("No published workflow has the key “%(key)s”.") % {"key": short(row.workflow)}
        return text + did_you_mean(meant)

    def _no_role(self, name: str) -> str:
        names = [each.name for each in self.roles_by_name.values()]
        text = _("There is no company role “%(name)s”.") % {"name": short(name)}
        return text + did_you_mean(nearest(name, names))


def _weight(definition: TicketDefinition) -> tuple[bool, bool, int]:
    """The version that counts comes last: the active one, else one that may be made so."""
    is_published = definition.workflow.status == DefinitionStatus.PUBLISHED
    return definition.is_active, is_published, definition.version


def _scope(fields: Json) -> Scope:
    """What the presets of a form may be."""
    specs = fields if isinstance(fields, list) else []
    named = [each for each in specs if isinstance(each, dict)]
    return Scope(ticket={str(each.get("name", "")): str(each.get("type", "")) for each in named})
