"""The sheets of ticket types, and of their recurring starts."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from workflows.priorities import Priority
from workflows.workbooks.cells import kinds
from workflows.workbooks.sheets.common_columns import (
    description_column,
    key_column,
    layout_column,
    links_column,
    title_column,
)
from workflows.workbooks.sheets.sheet import TYPE_COLUMN, Column, Sheet

TICKET_TYPES: Final = Sheet(
    "Ticket types",
    "ticket_types",
    (
        key_column(),
        title_column(),
        description_column(gettext_lazy("When to submit it.")),
        Column(
            "presets",
            "Presets",
            kinds.PRESETS,
            gettext_lazy(
                "Fields that this ticket type does not ask for, a line each, such as "
                "priority = high"
            ),
            34,
        ),
        Column(
            "roles_with_access",
            "Roles with access",
            kinds.ROLES,
            gettext_lazy("The company roles that may submit it, a line each. Empty: everybody."),
            28,
        ),
        Column(
            "priority",
            "Priority",
            kinds.WORD,
            gettext_lazy(
                "Of its tickets, unless an answer or a person says otherwise. Empty: normal."
            ),
            12,
            options=tuple(Priority),
        ),
        Column(
            "priority_from",
            "Priority from",
            kinds.TEXT,
            gettext_lazy(
                "The name of a choice of the ticket's form whose answer is the priority. Its "
                "choices are low, normal, high and urgent, with any labels."
            ),
            18,
        ),
        Column(
            "icon",
            "Icon",
            kinds.WORD,
            gettext_lazy(
                "The name of the icon on its card, such as receipt_long; the documentation of the "
                "bundle format lists them. Empty: that of a ticket."
            ),
            16,
        ),
        Column(
            "reopen_days",
            "Reopen within days",
            kinds.NUMBER,
            gettext_lazy(
                "For how many days after its end a ticket may be reopened, as a follow-up. "
                "Empty: never."
            ),
            14,
        ),
        Column(
            "asks_rating",
            "Asks for a rating",
            kinds.YES_NO,
            gettext_lazy("Whether people are asked at the end how satisfied they are: yes or no."),
            12,
        ),
        Column(
            "public_for",
            "Public, for",
            kinds.TEXT,
            gettext_lazy(
                "Where people outside may begin such a ticket by a link: the e-mail address of "
                "the person of the company who is its requester. Empty: they cannot."
            ),
            20,
            ("public",),
        ),
        links_column(),
        layout_column("edit_layout", "Edit layout"),
        layout_column("display_layout", "Display layout"),
    ),
    ("ticket type", "tickets"),
)
STARTS: Final = Sheet(
    "Starts",
    "starts",
    (
        Column(
            TYPE_COLUMN,
            "Ticket type",
            kinds.KEY,
            gettext_lazy("The key of the ticket type whose tickets start by themselves."),
            22,
            ("type",),
            options_of="Ticket types",
        ),
        key_column(),
        Column(
            "title",
            "Title",
            kinds.TEXT,
            gettext_lazy("What people call it. Empty: the title of the ticket type."),
            28,
        ),
        Column(
            "rule",
            "Rule",
            kinds.TEXT,
            gettext_lazy(
                "On which days, as a rule of RFC 5545: FREQ=WEEKLY;BYDAY=MO. With a working day: "
                "in which months; empty: in each."
            ),
            32,
        ),
        Column(
            "working_day",
            "Working day",
            kinds.NUMBER,
            gettext_lazy(
                "The working day of the month, by the company's calendar: 1 for the first, -1 for "
                "the last. Empty: the rule says the days."
            ),
            12,
        ),
        Column(
            "at",
            "At",
            kinds.CLOCK,
            gettext_lazy("The time of day in the company's time zone, such as 08:00."),
            10,
        ),
        Column(
            "from",
            "From",
            kinds.DAY,
            gettext_lazy("The day from which the rule counts, such as 2026-10-30."),
            14,
        ),
        Column(
            "on_behalf_of",
            "On behalf of",
            kinds.TEXT,
            gettext_lazy(
                "The e-mail address of the person as whose tickets they start. Empty: whoever "
                "publishes it."
            ),
            26,
        ),
        Column(
            "answers",
            "Answers",
            kinds.PRESETS,
            gettext_lazy("The answers to what the ticket asks, a line each, such as amount = 50"),
            36,
        ),
    ),
    ("start", "recurring starts"),
)
