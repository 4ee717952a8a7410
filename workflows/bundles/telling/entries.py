"""Tasks, questions, transitions and rows of a table in a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.bundles.document.problems import value_text
from workflows.bundles.telling.approvals import approval_in_words
from workflows.bundles.telling.assignments import assignment_in_words
from workflows.bundles.telling.assistants import assistance_in_words
from workflows.bundles.telling.blocks import branches_in_words
from workflows.bundles.telling.edits import edits_in_words
from workflows.bundles.telling.messages import message_in_words, messages_in_words
from workflows.bundles.telling.starts import start_in_words
from workflows.bundles.telling.subtickets import subticket_in_words
from workflows.bundles.telling.times import reminders_in_words
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.conditions.sentence import describe_condition, describe_formula
from workflows.engine.process import EndOutcome, Json, JsonObject, objects_in
from workflows.engine.rules.compiling import is_empty
from workflows.engine.starts import starts_of
from workflows.engine.tables.decision_table import Hit
from workflows.fields.field import SEEN_BY_WORDS, SeenBy
from workflows.fields.registry import TYPES, type_of
from workflows.fields.shared.spec_values import is_absent
from workflows.fields.specs.form_rules import is_rule
from workflows.priorities import SCREENS as PRIORITIES
from workflows.priorities import Priority
from workflows.working_hours.durations import (
    after_in_words,
    answered_in_words,
    duration_in_words,
    is_counted_from_start,
    wait_in_words,
)

HITS: Final = {
    Hit.FIRST: gettext_lazy("the first row that fits"),
    Hit.COLLECT: gettext_lazy("every row that fits"),
}


def row_in_words(row: JsonObject) -> str:
    """A row of a decision table in one line: “high | > 5000 → S1 (Everybody is stopped)”."""
    when, then = row.get("when"), row.get("then")
    cells = [_cell_words(each) for each in when] if isinstance(when, list) else []
    results = [_cell_words(each) for each in then] if isinstance(then, list) else []
    note = f" ({row['note']})" if row.get("note") else ""
    return f"{' | '.join(cells)} → {' | '.join(results)}{note}"


def _cell_words(value: Json) -> str:
    return "-" if value in (None, "") else value_words(value)


def value_words(value: Json) -> str:
    """What is empty is said to be so: nothing at all would look like a mistake."""
    if value is None or value in ("", [], {}):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return ", ".join(value_text(each) for each in value)
    return value_text(value)


def entry_words(entry: JsonObject, labels: Mapping[str, str]) -> Iterator[str]:
    """A whole field, task, transition or ticket type in a few words, beyond its place."""
    if "from" in entry:
        yield from _words_of_transition(entry, labels)
    yield from _words_of_task(entry, labels)
    yield from _words_after_the_end(entry)
    if "start" in entry and not is_empty(entry.get("when")):
        yield describe_condition(entry["when"], labels)
    yield from _words_of_field(entry, labels)
    if entry.get("priority") in tuple(Priority):
        yield _("priority: %(priority)s") % {"priority": word_for("priority", entry["priority"])}
    if "condition" in entry:
        yield describe_condition(entry["condition"], labels)


def _words_of_task(task: JsonObject, labels: Mapping[str, str]) -> Iterator[str]:
    if task.get("due_in"):
        said = duration_in_words(str(task["due_in"]), labels)
        is_time = is_counted_from_start(str(task["due_in"]))
        yield (_("due in %(duration)s") if is_time else _("due %(duration)s")) % {"duration": said}
    if task.get("wait"):
        yield wait_in_words(str(task["wait"]), labels)
    if task.get("answered_by"):
        yield answered_in_words(str(task["answered_by"]), labels)
    yield from reminders_in_words(task.get("reminders"), labels)
    if task.get("assign_to"):
        role = str(task.get("candidate_role") or "")
        yield assignment_in_words(task["assign_to"], role, labels)
    if words := assistance_in_words(task.get("assistant")):
        yield words
    if task.get("edits"):
        yield edits_in_words(task["edits"], labels)
    if isinstance(task.get("message"), dict) and task["message"]:
        role = str(task.get("candidate_role") or "")
        yield message_in_words(task["message"], role, labels)
    if task.get("approvers"):
        yield from approval_in_words(task, labels)
    if task.get("ticket_type") and "task_type" in task:
        yield from subticket_in_words(task, labels)
    if task.get("branches"):
        yield from branches_in_words(task, labels, {})


def _words_of_field(spec: JsonObject, labels: Mapping[str, str]) -> Iterator[str]:
    if "type" in spec:
        yield type_name(spec["type"])
    if spec.get("required") is True:
        yield _("required")
    yield from _words_of_rules(spec, labels)
    yield from _own_words(spec)
    if "seen_by" in spec:
        yield _("seen by: %(who)s") % {"who": word_for("seen_by", spec["seen_by"])}
    if spec.get("listed") is True:
        yield _("shown in lists")


def _words_of_rules(spec: JsonObject, labels: Mapping[str, str]) -> Iterator[str]:
    """The formulas and checks of a question."""
    if is_rule(rule := spec.get("computed")):
        yield _("calculated: %(formula)s") % {"formula": describe_formula(rule, labels)}
    if is_rule(rule := spec.get("required")):
        yield _("required when %(condition)s") % {"condition": describe_condition(rule, labels)}
    yield from words_of_checks(spec.get("checks"), labels)


def describe_rule(key: str, rule: Json, labels: Mapping[str, str]) -> str:
    """A rule of a question in words: `required` is a condition, the others give a value."""
    return (describe_condition if key == "required" else describe_formula)(rule, labels)


def words_of_checks(checks: Json, labels: Mapping[str, str]) -> Iterator[str]:
    for check in objects_in(checks):
        condition = describe_condition(check.get("condition"), labels)
        words = {"condition": condition, "message": value_text(check.get("message"))}
        yield _("checked: %(condition)s, otherwise “%(message)s”") % words


def _own_words(spec: JsonObject) -> Iterator[str]:
    """What the type of a question alone has."""
    field_type = type_of(spec)
    for own in field_type.own_keys if field_type is not None else ():
        if not is_absent(spec.get(own.key)):
            words = {"setting": _(own.label), "value": value_words(spec[own.key])}
            yield _("%(setting)s: %(value)s") % words


def _words_of_transition(transition: JsonObject, labels: Mapping[str, str]) -> Iterator[str]:
    if transition.get("label"):
        yield value_text(transition["label"])
    if transition.get("after"):
        yield after_in_words(str(transition["after"]), labels)
    if transition.get("on_failure") is True:
        yield _("when the call fails")
    if transition.get("on_cancel") is True:
        yield _("when the ticket is withdrawn or cancelled")
    if transition.get("outcome"):
        yield _("outcome: %(outcome)s") % {"outcome": word_for("outcome", transition["outcome"])}
    yield from messages_in_words(transition.get("messages"), labels)


def _words_after_the_end(ticket_type: JsonObject) -> Iterator[str]:
    if isinstance(days := ticket_type.get("reopen_days"), int) and days:
        text = ngettext(
            "may be reopened for %(days)d day", "may be reopened for %(days)d days", days
        )
        yield text % {"days": days}
    if ticket_type.get("asks_rating") is True:
        yield _("asks for a rating")
    for start in starts_of(ticket_type.get("starts")):
        yield _("starts by itself %(when)s") % {"when": start_in_words(start)}
    if person := ticket_type.get("public_for"):
        yield _("public, for %(person)s") % {"person": value_text(person)}


def word_for(name: str, value: Json) -> str:
    """What people read for a value that is one of a few words; else empty."""
    if name == "seen_by" and value in tuple(SeenBy):
        return _(SEEN_BY_WORDS[SeenBy(str(value))])
    if name == "outcome" and value in tuple(EndOutcome):
        return str(OUTCOMES[EndOutcome(str(value))].name)
    if name == "priority" and value in tuple(Priority):
        return str(PRIORITIES[Priority(str(value))].name)
    return ""


def type_name(value: Json) -> str:
    known = TYPES.get(value) if isinstance(value, str) else None
    return _(known.name) if known is not None else value_text(value)


def showable(text: str) -> str:
    r"""The text without what no page can carry: half characters such as \ud800 of a JSON file.

    Nor can Postgres keep a NUL in JSON.
    """
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
