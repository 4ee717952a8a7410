"""The earlier answers that tasks show again: what cannot work is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.outline import Outline
from workflows.engine.errors import ConditionError
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.reads import variables_read
from workflows.engine.steps.edits import Edit, EditMode, edits_of
from workflows.fields.field import Field


def edit_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about `edits`, of the tasks that people do."""
    for task in outline.tasks:
        said = task.value.get("edits")
        if isinstance(said, list) and task.is_form:
            yield from _Check(outline, task, said).problems()


class _Check:
    """One task's."""

    def __init__(self, outline: Outline, task: Entry, said: list[Json]) -> None:
        self.outline = outline
        self.task = task
        self.said = said
        self.path: Path = (*task.path, "edits")

    def problems(self) -> Iterator[Problem]:
        seen: set[str] = set()
        for index, entry in enumerate(self.said):
            for edit in edits_of([entry]):
                path = (*self.path, index)
                if edit.name in seen:
                    message = _("“%(name)s” is listed twice. Remove one of the two.")
                    yield Problem(
                        (*path, "field"), message % {"name": short(edit.field)}, edit.field
                    )
                    continue
                seen.add(edit.name)
                yield from self._one(edit, path)
        yield from self._depending()
        yield from self._preset()

    def _one(self, edit: Edit, path: Path) -> Iterator[Problem]:
        if edit.task:
            refused = list(self._task(edit.task, (*path, "task")))
            if refused:
                yield from refused
                return
        fields = self._fields(edit.task)
        if fields is None or edit.field in fields:
            return
        meant = nearest(edit.field, fields)
        form = self.outline.title_of(edit.task) if edit.task else _("the ticket")
        message = _("The form of %(form)s has no question “%(name)s”.")
        message %= {"form": form, "name": short(edit.field)}
        advice = did_you_mean(meant) or " " + _("Name one that it has.")
        place = (*path, "field")
        yield Problem(place, message + advice, edit.field, ", ".join(fields), meant)

    def _fields(self, task: str) -> Mapping[str, Field] | None:
        return readable_fields(self.outline.task_of[task]) if task else self.outline.fields

    def _task(self, key: str, path: Path) -> Iterator[Problem]:
        tasks = self.outline.task_of
        own = self.task.text("key")
        if key not in tasks:
            meant = nearest(key, tasks)
            message = _("There is no task “%(key)s”.") % {"key": short(key)}
            advice = did_you_mean(meant) or " " + _("Name one that there is.")
            yield Problem(path, message + advice, key, ", ".join(tasks), meant)
        elif key == own:
            message = _("This is the task itself: its questions are asked anew each time.")
            yield Problem(path, message + " " + _("Name an earlier one."), key)
        elif not tasks[key].is_form:
            message = _("No person does this task: it calls another system, and has no questions.")
            yield Problem(path, message, key)
        elif self.outline.is_connected and key not in self.outline.before.get(own, set()):
            message = _("%(task)s cannot have been done before this task. Name an earlier one.")
            yield Problem(path, message % {"task": self.outline.title_of(key)}, key)

    def _depending(self) -> Iterator[Problem]:
        """Questions that are shown or not by an answer that may be changed, and are not listed."""
        edits = edits_of(self.said)
        listed = {each.name for each in edits}
        for task in dict.fromkeys(each.task for each in edits):
            fields = self._fields(task) if not task or task in self.outline.task_of else None
            changing = {each.field for each in edits if each.task == task and each.may_change}
            for name, field in (fields or {}).items():
                asked = Edit(name, task)
                if asked.name in listed:
                    continue
                for other in sorted(_names_read(field) & changing):
                    message = _(
                        "Whether “%(question)s” is asked depends on “%(changed)s”, which may be "
                        "changed here. List it, too: else its answer is dropped where it is not "
                        "asked any more, and a change that needs one is refused."
                    )
                    words = {"question": field.label or name, "changed": _label(fields, other)}
                    yield Problem(self.path, message % words, name, severity=Severity.WARNING)
                    break

    def _preset(self) -> Iterator[Problem]:
        changing = {
            each.get("field"): index
            for index, each in enumerate(self.said)
            if isinstance(each, dict)
            and isinstance(each.get("field"), str)
            and not each.get("task")
            and each.get("mode") != EditMode.SEE.value
        }
        for ticket_type in self.outline.ticket_types:
            presets = ticket_type.value.get("presets")
            for name in presets if isinstance(presets, dict) else ():
                if name in changing:
                    message = _(
                        "The ticket type “%(type)s” sets this. In its tickets it is only seen."
                    ) % {"type": short(ticket_type.text("title") or ticket_type.text("key"))}
                    path = (*self.path, changing[name], "field")
                    yield Problem(path, message, name, severity=Severity.WARNING)


def _label(fields: Mapping[str, Field] | None, name: str) -> str:
    field = (fields or {}).get(name)
    return (field.label if field is not None else "") or name


def _names_read(field: Field) -> set[str]:
    if is_empty(field.visible_when):
        return set()
    try:
        return {each.split(".", 1)[0] for each in variables_read(field.visible_when)}
    except ConditionError:  # is reported elsewhere
        return set()
