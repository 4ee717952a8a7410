"""What the check says of a model's document, for the model to mend.

It is told what the document alone shows, and of this company nothing but that something is taken or
unknown here: what other workflows are called, and who works here, does not leave it. Its person is
shown what the check says in full.
"""

from __future__ import annotations

from typing import Final

from tenants.companies.language_and_zone import speaking
from workflows.authoring.importing.findings import CheckedFile, check_reading
from workflows.bundles import (
    Problem,
    canonical,
    errors_of,
    run_document_test_cases,
    test_case_failures,
)
from workflows.workbooks import Reading

MOST_PROBLEMS: Final = 30
LONGEST_COMPLAINT: Final = 8_000


def complaint_about(reading: Reading) -> str:
    """What a model has to mend of its document, in English; empty: nothing. Changes nothing."""
    with speaking("en"):
        to_mend = _to_mend(check_reading(reading))
        lines = "\n".join(_line(each) for each in to_mend[:MOST_PROBLEMS])
    return lines[:LONGEST_COMPLAINT]


def _to_mend(checked: CheckedFile) -> list[Problem]:
    reading = checked.reading
    own = errors_of(reading.check())
    document = reading.document
    if own or not isinstance(document, dict):
        return own
    here = [_of_company(each) for each in errors_of(checked.problems)]
    if here:
        return here
    made = canonical(document)
    return test_case_failures(made, run_document_test_cases(made))


def _of_company(problem: Problem) -> Problem:
    """Without a word about the company."""
    message = (
        "This is already used in the company, or is not known there. Choose another key, or do "
        "without it."
    )
    return Problem(problem.path, message)


def _line(problem: Problem) -> str:
    facts = {
        "found": problem.found_text,
        "expected": problem.expected,
        "did you mean": problem.nearest,
    }
    said = "; ".join(f"{name}: {value}" for name, value in facts.items() if value)
    return f"- {problem.place or 'document'}: {problem.message}" + (f" ({said})" if said else "")
