"""What steps give to the tickets that they start: whether it can be made at all.

Whether the ticket type that they name is there, and takes what it is given, is asked where the
company is known: workflows/authoring/importing/started_types.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.for_requester import is_for_requester
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.subtickets import subtickets_of
from workflows.engine.problems import short
from workflows.engine.rules.transforms import check_transform, transform_variables


def subticket_problems(outline: Outline) -> Iterator[Problem]:
    """Answers that the team alone sees, in what the requester of the started ticket sees of it."""
    for key, task in subtickets_of(outline).items():
        given, path = task.value.get("input_transform"), (*task.path, "input_transform")
        if check_transform(given):
            continue  # told elsewhere
        for name in sorted(transform_variables(given)):
            if is_for_requester(outline, key, name):
                continue
            message = _(
                "“%(name)s” is for the team alone, and the requester sees all answers of the "
                "ticket that this step starts. Let the requester see the question, or leave it "
                "out, unless that is meant."
            )
            text = message % {"name": short(name)}
            yield Problem(path, text, name, severity=Severity.WARNING)
