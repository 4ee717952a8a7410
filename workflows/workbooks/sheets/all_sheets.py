"""The sheets of a workbook: the one table that reading and writing follow."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from workflows.workbooks.cells import kinds
from workflows.workbooks.sheets.cases import TESTS
from workflows.workbooks.sheets.common_columns import (
    description_column,
    key_column,
    layout_column,
    links_column,
    title_column,
)
from workflows.workbooks.sheets.questions import FIELDS
from workflows.workbooks.sheets.sheet import LONG_TEXTS, READ_ME, Column, Sheet
from workflows.workbooks.sheets.tasks import TASKS
from workflows.workbooks.sheets.ticket_types import STARTS, TICKET_TYPES
from workflows.workbooks.sheets.ways import BRANCHES, TRANSITIONS

WORKFLOW: Final = Sheet(
    "Workflow",
    "workflow",
    (
        key_column(),
        title_column(),
        description_column(gettext_lazy("What the workflow is for.")),
        links_column(),
        layout_column("display_layout", "Display layout"),
        Column(
            "format_version",
            "Format version",
            kinds.NUMBER,
            gettext_lazy("The version of this workbook's form. Leave it as it is."),
        ),
    ),
    is_needed=True,
)
COMPANY_ROLES: Final = Sheet(
    "Company roles",
    "company_roles",
    (
        Column("name", "Name", kinds.TEXT, gettext_lazy("The role's name."), 28),
        description_column(gettext_lazy("Who is in it.")),
    ),
    ("company role",),
)
SHEETS: Final = (
    *(WORKFLOW, FIELDS, TASKS, BRANCHES, TRANSITIONS),
    *(TICKET_TYPES, STARTS, COMPANY_ROLES, TESTS),
)
NOT_READ: Final = (READ_ME, LONG_TEXTS)
