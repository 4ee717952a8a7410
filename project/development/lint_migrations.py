"""Finds migrations that old code cannot live with, or that lock a company for long.

Run as `python -m project.development.lint_migrations`; `dev.py check` does. It looks at the SQL of
one company, or of `public` for what companies share.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

import django

APPS: Final = ("tenants", "mail", "workflows", "tickets")
# Known ones, which every installation has long applied, and why that was allowed. A new migration
# does not belong here: CONTRIBUTING.md says how it is done in several releases.
_FILLED: Final = "it adds a column that old code does not fill: there was no rule yet"
_WIDER: Final = "it makes columns wider, which changes no row and disturbs no older code"
KNOWN: Final[Mapping[str, str]] = {
    "tenants.0005_longer_names": _WIDER,
    "tickets.0008_kept_completions": _FILLED,
    "tickets.0009_longer_titles": _WIDER,
    "workflows.0005_test_cases": _FILLED,
    "workflows.0011_due_in_and_after": _FILLED,
    "workflows.0012_action_attempt_sent": _FILLED,
    "workflows.0015_encrypt_signing_secrets": "it encrypts a column in its place: no rule yet",
    "workflows.0019_company_role_name_key": _FILLED,
    "workflows.0022_longer_names": _WIDER,
    "workflows.0024_task_definition_created": _FILLED,
    "workflows.0042_times": _WIDER,
    # The column is of the migration before: it is empty, and older code leaves it so.
    "workflows.0046_subticket_once": "its rule is about a column that only newer code fills",
}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    # Models can be imported only now.
    from project.development.migration_linter import lint  # noqa: PLC0415

    return lint(APPS, KNOWN)


if __name__ == "__main__":
    sys.exit(main())
