"""What the bundle commands have in common: finding the company, showing what they found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tenants.utils import get_public_schema_name

from tenants.models import Company
from workflows.bundles import Change, ChangeKind, Problem, TestCaseResult
from workflows.errors import UnreadableBundleError
from workflows.workbooks import FileType, Reading, read_file

MOST_COMPANIES_SHOWN = 20


class BundleCommand(BaseCommand):
    """A command that shows what stands in a document, which may be any text."""

    def say(self, text: str) -> None:
        """Write a line; what the terminal has no character for becomes a question mark."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        self.stdout.write(text.encode(encoding, "replace").decode(encoding))


def read_argument(file: Path, *, zone: tzinfo = UTC) -> Reading:
    """The document in a file of any format: .json, .yaml, .xlsx or .ods.

    Times in a workbook that name no zone are meant in `zone`.

    Raises:
        CommandError: it cannot be read; the command ends with 2.
    """
    try:
        return read_file(file, zone=zone)
    except UnreadableBundleError as error:
        raise CommandError(str(error), returncode=2) from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(
            _("The file %(path)s cannot be written (%(reason)s).")
            % {"path": path, "reason": error.strerror or error}
        ) from error


def file_type_of(path: Path) -> FileType:
    """The format that a file's name says.

    Raises:
        CommandError: it says none that there is.
    """
    found = FileType.of(path.name)
    if found is None:
        raise CommandError(
            _("The name %(path)s says no format. Let it end with one of: %(endings)s.")
            % {"path": path, "endings": ", ".join(f".{each}" for each in FileType)}
        )
    return found


def company_named(schema_name: str) -> Company:
    """The company with this schema.

    Raises:
        CommandError: there is none; it names those that there are.
    """
    company = Company.objects.filter(schema_name=schema_name).first()
    if company is not None and schema_name != get_public_schema_name():
        return company
    known = list(
        Company.objects.order_by("schema_name").values_list("schema_name", flat=True)[
            :MOST_COMPANIES_SHOWN
        ]
    )
    raise CommandError(
        _("There is no company with the schema %(schema)s. There is: %(known)s.")
        % {"schema": schema_name, "known": ", ".join(known) or _("none yet")}
    )


def problem_lines(problems: Iterable[Problem], reading: Reading) -> Iterator[str]:
    """Each problem as a line: how bad, where (in the file too), what to do, what was found."""
    for each in problems:
        line = _("%(severity)s: %(where)s (%(place)s): %(message)s") % {
            "severity": each.severity.value,
            "where": each.where,
            "place": reading.place_of(each.path) or each.place or _("the document"),
            "message": each.message,
        }
        found = _(" Found: %(found)s.") % {"found": each.found_text} if each.found_text else ""
        yield line + found


def found_as_json(
    problems: Iterable[Problem], reading: Reading, cases: Iterable[TestCaseResult]
) -> dict[str, Any]:
    """What a check found, for programs: `is_ok`, `errors` and `warnings`, `tests`."""
    rows = [(each.is_error, _problem_as_json(each, reading)) for each in problems]
    errors = [row for is_error, row in rows if is_error]
    return {
        "is_ok": not errors,
        "errors": errors,
        "warnings": [row for is_error, row in rows if not is_error],
        "tests": [
            {"name": each.name, "has_passed": each.has_passed, "reason": each.reason}
            for each in cases
        ],
    }


def _problem_as_json(problem: Problem, reading: Reading) -> dict[str, str]:
    place = reading.place_of(problem.path)
    found = {
        "place": problem.place,
        "where": problem.where,
        "in_file": str(place) if place else "",
        "message": problem.message,
        "found": problem.found_text,
        "expected": problem.expected,
        "nearest": problem.nearest,
    }
    return {name: text for name, text in found.items() if text or name in ("place", "message")}


def counted(problems: list[Problem]) -> str:
    """How many problems there are, as a sentence."""
    errors = sum(each.is_error for each in problems)
    return " ".join(
        (
            ngettext("%(count)d error.", "%(count)d errors.", errors) % {"count": errors},
            ngettext("%(count)d warning.", "%(count)d warnings.", len(problems) - errors)
            % {"count": len(problems) - errors},
        )
    )


def case_count(cases: Collection[TestCaseResult]) -> str:
    """How many test cases pass, as a sentence."""
    passed = sum(each.has_passed for each in cases)
    text = ngettext(
        "%(passed)d of %(count)d test case passes.",
        "%(passed)d of %(count)d test cases pass.",
        len(cases),
    )
    return text % {"passed": passed, "count": len(cases)}


def change_lines(changes: Iterable[Change]) -> Iterator[str]:
    """Each change as a line."""
    for each in changes:
        place = {"where": each.where, "old": each.old_text, "new": each.new_text}
        if each.kind is ChangeKind.ADDED:
            yield _("added: %(where)s: %(new)s") % place
        elif each.kind is ChangeKind.REMOVED:
            yield _("removed: %(where)s: %(old)s") % place
        else:
            yield _("changed: %(where)s: from %(old)s to %(new)s") % place
