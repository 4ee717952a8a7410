from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice

from workflows.bundles.checks.approvals import approval_problems
from workflows.bundles.checks.assignments import assignment_problems
from workflows.bundles.checks.assistants import assistant_problems
from workflows.bundles.checks.blocks import block_problems
from workflows.bundles.checks.cases import test_case_problems
from workflows.bundles.checks.comparisons import comparison_problems
from workflows.bundles.checks.decision_tables import decision_table_problems
from workflows.bundles.checks.edits import edit_problems
from workflows.bundles.checks.flow import flow_problems
from workflows.bundles.checks.layout_sources import layout_problems
from workflows.bundles.checks.markup import markup_problems
from workflows.bundles.checks.messages import message_problems
from workflows.bundles.checks.patterns import pattern_problems
from workflows.bundles.checks.references import reference_problems
from workflows.bundles.checks.rules import rule_problems
from workflows.bundles.checks.starts import start_problems
from workflows.bundles.checks.subtickets import subticket_problems
from workflows.bundles.checks.times import time_problems
from workflows.bundles.document.problems import Problem, path_in_words
from workflows.bundles.document.reading import MAX_PARTS, too_many_parts
from workflows.bundles.document.spelling import as_spelt
from workflows.bundles.document.structure import structure_problems, too_long_lists
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import Path
from workflows.engine.process import JsonObject
from workflows.engine.rules.budget import one_budget
from workflows.engine.values.storable import has_more_parts, unstorable
from workflows.fields.facts import Facts
from workflows.fields.registry import MADE_UP

MAX_PROBLEMS = 500


def check_bundle(document: object, facts: Facts = MADE_UP) -> list[Problem]:
    """Everything that is wrong with a bundle, errors and warnings, in the document's order.

    Pure: what depends on the company (ticket types of other workflows) is checked when the
    bundle is imported; `facts` are what was found of what it names there (`references_in`), and
    without them all that is named is there. Survives any value. At most MAX_PROBLEMS.
    Its rules have one budget.
    """
    with one_budget():
        return _all_problems(document, facts)


def _all_problems(document: object, facts: Facts) -> list[Problem]:
    if has_more_parts(document, MAX_PARTS):
        return [Problem((), too_many_parts())]
    broken = [Problem(path, message) for path, message in islice(unstorable(document), 20)]
    if broken:
        return _finished(document, broken)
    if isinstance(document, dict):
        document = as_spelt(document)
    structural = list(islice(structure_problems(document), MAX_PROBLEMS))
    # Checking the transitions between so many entries would take too long.
    if not isinstance(document, dict) or any(too_long_lists(document)):
        return _finished(document, structural)
    if too_large := list(pattern_problems(document)):
        return _finished(document, [*structural, *too_large[:MAX_PROBLEMS]])
    places = {each.path for each in structural}
    # A value of the wrong form is one thing to mend, whatever else follows from it.
    further = (each for each in _further_problems(document, facts) if each.path not in places)
    return _finished(document, [*structural, *islice(further, MAX_PROBLEMS)])


def _further_problems(document: JsonObject, facts: Facts) -> Iterator[Problem]:
    outline = Outline(document)
    return chain(
        reference_problems(outline, facts),
        flow_problems(outline),
        block_problems(outline),
        approval_problems(outline),
        assignment_problems(outline),
        assistant_problems(outline),
        decision_table_problems(outline),
        message_problems(outline),
        subticket_problems(outline),
        time_problems(outline),
        start_problems(outline, facts),
        edit_problems(outline),
        rule_problems(outline),
        comparison_problems(outline),
        test_case_problems(outline, facts),
        layout_problems(outline),
        markup_problems(document),
    )


def _finished(document: object, problems: Iterable[Problem]) -> list[Problem]:
    """Each once, in the order of the document, with the place in words."""
    once = {(each.path, each.message): each for each in problems}
    ordered = sorted(once.values(), key=lambda each: _position(document, each.path))
    return [
        replace(each, where=path_in_words(document, each.path)) for each in ordered[:MAX_PROBLEMS]
    ]


def _position(document: object, path: Path) -> tuple[int, ...]:
    found: list[int] = []
    value = document
    for step in path:
        if isinstance(value, dict):
            found.append(list(value).index(step) if step in value else len(value))
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            found.append(step)
            value = value[step] if step < len(value) else None
    return tuple(found)
