"""Other words that are read for what stands in a bundle: `our_words.py` reads them.

The words of other people's documents (`{Label, Desc, URI}`, `{FieldName, FieldType}`,
`company_role_access`), of other tools and of spreadsheets: names are compared by their letters and
digits alone, so that FieldName, field_name and "Field name" are one. What is written is always
in our words. docs/bundle-format.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from tenants.names import name_key
from workflows.bundles.document.canonical import key_order
from workflows.engine.steps.edits import EditMode
from workflows.engine.task_types import TaskType
from workflows.fields.registry import TYPES

# {part of a bundle: {name in it: other names for the same}}. A part is a name under `$defs` of
# bundle.schema.json, or "bundle", "link" (an entry of ext_ref) or "choice".
SYNONYMS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "bundle": {
        "workflow": ("workflow_definition", "process"),
        "tasks": ("task_definitions", "steps"),
        "transitions": ("ways",),
        "ticket_types": ("ticket_definitions",),
        "company_roles": ("roles",),
        "tests": ("test_cases",),
    },
    "workflow": {
        "key": ("id", "identifier"),
        "title": ("name", "workflow_name"),
        "description": ("desc",),
        "ext_ref": ("ext_refs", "external_references", "links", "link"),
        "fields": ("field_specs", "questions"),
    },
    "task": {
        "key": ("id", "identifier"),
        "title": ("name", "task_name"),
        "description": ("desc",),
        "ext_ref": ("ext_refs", "external_references", "links", "link"),
        "task_type": ("type",),
        "fields": ("field_specs", "questions"),
        "candidate_role": ("candidate_company_role", "company_role", "role"),
        "assign_to": ("given_to", "assignment", "assignee"),
        "assistant": ("offered_to", "offered_first_to", "assisted_by"),
        "edits": ("edit", "earlier_answers", "asks_again", "shows_again", "changes"),
        "action_url": ("url", "uri", "address"),
        "input_transform": ("input",),
        "output_transform": ("output",),
        "timeout_seconds": ("timeout", "timeout_in_seconds"),
        "due_in": ("due", "due_at", "deadline"),
        "branch": ("in_branch", "lane"),
        "branches": ("lanes",),
        "ends_when": ("end_when", "join", "ends_after"),
        "for_each": ("each_of", "repeat_for"),
        "order": ("in_which_order",),
        "most": ("at_most", "limit"),
        "hide_answers": ("answers_hidden", "hidden"),
        "values": ("set", "set_values", "sets"),
        "table": ("decision_table", "decision", "rules"),
        "wait": ("wait_until", "waits_until", "waits", "until"),
        "ticket_type": ("starts", "sub_ticket", "sub_workflow"),
        "wait_for_end": ("waits_for_end", "wait_for_it", "waits_for_it"),
        "answered_by": ("matched_by", "correlation_key", "message_key"),
        "reminders": ("reminder", "escalations", "escalation"),
        "approvers": ("approved_by", "approver"),
        "needed": ("how_many", "needed_votes"),
        "never": ("never_by",),
        "message": ("mail", "email", "sends"),
    },
    "assistance": {
        "account": ("name", "service_account", "assistant"),
        "minutes": ("time", "for_minutes", "within_minutes"),
        "checked": ("check", "is_checked", "checked_by_person"),
        "tries": ("attempts", "retries"),
    },
    "message_on_way": {
        "who": ("to", "recipient", "tell"),
        "role": ("company_role", "candidate_role"),
        "answer": ("question", "field"),
        "task": ("step", "doer"),
        "email": ("address", "mail"),
        "subject": ("title",),
        "text": ("body", "content", "template"),
        "files": ("attachments", "attach", "file"),
    },
    "message": {
        "who": ("to", "recipient", "tell"),
        "answer": ("question", "field"),
        "task": ("step", "doer"),
        "email": ("address", "mail"),
        "subject": ("title",),
        "text": ("body", "content", "template"),
        "files": ("attachments", "attach", "file"),
    },
    "branch": {
        "title": ("name", "branch_name"),
        "start": ("begins_with", "first_task", "from"),
        "when": ("condition", "if", "only_if"),
        "ends_block": ("ends", "is_main", "main"),
    },
    "decision_table": {
        "inputs": ("conditions",),
        "outputs": ("results",),
        "rows": ("rules",),
        "hit": ("hit_policy", "policy"),
        "default": ("otherwise", "else"),
    },
    "table_input": {
        "name": ("key",),
        "label": ("title", "heading"),
        "value": ("reads", "expression", "formula"),
    },
    "table_output": {
        "name": ("key",),
        "label": ("title", "heading"),
    },
    "table_row": {
        "when": ("if", "conditions", "inputs"),
        "then": ("outputs", "results"),
        "note": ("comment", "annotation", "description"),
    },
    "edit": {
        "task": ("step", "of_task", "form"),
        "field": ("name", "question", "answer"),
        "mode": ("may", "how", "access"),
    },
    "transition": {
        "from": ("from_task", "source"),
        "to": ("to_task", "target", "next"),
        "label": ("name", "title"),
        "condition": ("when", "if"),
        "priority": ("order",),
        "after": ("timeout", "not_done_after"),
        "on_failure": ("on_error", "otherwise", "if_it_fails", "when_it_fails", "failure"),
        "on_cancel": ("if_cancelled", "when_cancelled", "on_withdraw", "when_withdrawn"),
        "outcome": ("end_outcome",),
        "messages": ("mails", "emails", "message", "mail", "email", "sends"),
    },
    "ticket_type": {
        "key": ("id", "identifier"),
        "title": ("name", "ticket_name"),
        "description": ("desc",),
        "ext_ref": ("ext_refs", "external_references", "links", "link"),
        "presets": ("preset_values",),
        "roles_with_access": (
            *("company_role_access", "company_roles_with_access"),
            *("company_roles", "company_role", "roles"),
        ),
        "priority": ("urgency", "default_priority"),
        "priority_from": ("priority_field", "priority_question"),
        "icon": ("symbol",),
        "reopen_days": ("reopen_within_days", "can_be_reopened_for"),
        "asks_rating": ("rating", "rated", "ask_rating"),
        "starts": ("recurring_starts", "recurring", "schedule", "schedules"),
        "public_for": ("public", "outside_for"),
    },
    "start": {
        "title": ("name",),
        "rule": ("rrule", "recurrence", "recurrence_rule"),
        "working_day": ("workday", "business_day", "working_day_of_month"),
        "at": ("time", "time_of_day"),
        "from": ("first", "dtstart", "starting"),
        "on_behalf_of": ("as", "person", "submitted_as", "email"),
        "answers": ("data", "values"),
    },
    "reminder": {
        "when": ("at", "time"),
        "tell": ("who", "to", "notify"),
        "role": ("company_role",),
        "person": ("email",),
        "add": ("adds", "add_role"),
        "give": ("gives", "hand_over", "reassign"),
        "text": ("message", "note"),
    },
    "company_role": {
        "name": ("role", "role_name", "title"),
        "description": ("desc",),
    },
    "test": {
        "name": ("test_case", "title"),
        "today": ("date", "day", "on"),
    },
    "field": {
        "name": ("field_name", "field"),
        "label": ("field_label", "question"),
        "type": ("field_type",),
        "required": ("mandatory", "is_required"),
        "choices": ("options",),
        "help": ("hint", "help_text"),
        "default": ("default_value",),
        "min": ("minimum", "at_least"),
        "max": ("maximum", "at_most"),
        "pattern": ("regular_expression", "regex"),
        "computed": ("calculated", "calculate", "calculate_value", "formula", "expression"),
        "checks": ("check", "validations", "validation", "constraints"),
        "visible_when": ("show_when", "shown_when", "condition"),
        "seen_by": ("visible_to", "shown_to"),
        "listed": ("in_lists", "show_in_lists"),
        "role": ("company_role",),
        "accept": ("accepts", "accepted_types", "file_types", "allowed_types"),
    },
    "check": {
        "condition": ("rule", "must_be_true", "constraint"),
        "message": ("error", "error_message", "text"),
    },
    "link": {
        "label": ("name", "title"),
        "description": ("desc",),
        "uri": ("url", "href", "address"),
    },
    "choice": {
        "value": ("key",),
        "label": ("title",),
    },
}
# {other name: type of a question}, as each type declares them.
FIELD_TYPES: Final[Mapping[str, str]] = {
    alias: each.key for each in TYPES.values() for alias in each.aliases
}
# {other name: type of a task}, as each type declares them.
TASK_TYPES: Final[Mapping[str, str]] = {
    spelling: each.value for each in TaskType for spelling in each.rules.spellings
}
# {other word: what a person may do with an answer that is shown again}
EDIT_MODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("edit", "write", "editable", "may_change"), EditMode.CHANGE.value),
    **dict.fromkeys(("read", "show", "view", "only_seen", "read_only"), EditMode.SEE.value),
    **{each.value: each.value for each in EditMode},
}
# Other words for whoever submitted the ticket, as `plain` writes them.
REQUESTER_WORDS: Final = frozenset(
    {"requester", "requestor", "submitter", "initiator", "reporter", "author", "creator"}
)
# The parts that stand inside a part, by the name that they have there; in a list where "[]".
INSIDE: Final[Mapping[str, Mapping[str, str]]] = {
    "bundle": {
        "workflow": "workflow",
        "tasks": "task[]",
        "transitions": "transition[]",
        "ticket_types": "ticket_type[]",
        "company_roles": "company_role[]",
        "tests": "test[]",
    },
    "workflow": {"ext_ref": "link[]", "fields": "field[]"},
    "task": {
        "ext_ref": "link[]",
        "fields": "field[]",
        "branches": "branch[]",
        "table": "decision_table",
        "reminders": "reminder[]",
        "message": "message",
        "edits": "edit[]",
        "assistant": "assistance",
    },
    "decision_table": {
        "inputs": "table_input[]",
        "outputs": "table_output[]",
        "rows": "table_row[]",
    },
    "transition": {"messages": "message_on_way[]"},
    "ticket_type": {"ext_ref": "link[]", "starts": "start[]"},
    "field": {"fields": "field[]", "choices": "choice[]", "checks": "check[]"},
    "test": {
        "submitter": "test_submitter",
        "answers": "test_answer[]",
        "expect": "test_expectation",
    },
}
INLINE: Final[Mapping[str, tuple[str, ...]]] = {
    "link": ("label", "description", "uri"),
    "choice": ("value", "label"),
}


def plain(name: str) -> str:
    """A name as it is compared: its letters and digits, as small letters."""
    return re.sub(r"[\W_]+", "", name_key(name))


def names_of(part: str) -> list[str]:
    """Our names for what stands in a part, in their order."""
    return list(INLINE.get(part) or key_order(part))


def part_of_entries(name: str) -> str:
    """The part that each entry of a list of the bundle is: `tasks` are a list of `task`."""
    inner = {"fields": "field", "branches": "branch", "starts": "start"}
    return inner.get(name) or INSIDE["bundle"].get(name, name).removesuffix("[]")


def synonyms_of(part: str, name: str) -> tuple[str, ...]:
    return SYNONYMS.get(part, {}).get(name, ())


def field_type_of(word: str) -> str:
    """The type of a field that a word means; the word itself where it means none of them."""
    return _field_types().get(plain(word), word)


def task_type_of(word: str) -> str:
    """As `field_type_of`, of a task."""
    known = {plain(each.value): each.value for each in TaskType}
    return {**_plainly(TASK_TYPES), **known}.get(plain(word), word)


def _plainly(words: Mapping[str, str]) -> dict[str, str]:
    return {plain(word): meaning for word, meaning in words.items()}


def edit_mode_of(word: str) -> str:
    """What a person may do with an earlier answer; the word itself where it means none of it."""
    return _plainly(EDIT_MODES).get(plain(word), word)


@cache
def _field_types() -> Mapping[str, str]:
    return {**_plainly(FIELD_TYPES), **{plain(key): key for key in TYPES}}
