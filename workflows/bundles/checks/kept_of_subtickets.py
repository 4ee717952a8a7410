"""What steps keep of the tickets that they have started: what cannot be, and what may be absent."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.subtickets import NO_WAIT, names_kept, subtickets_of
from workflows.engine.errors import EngineError
from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.evaluate import evaluate_condition
from workflows.engine.rules.reads import variables_read
from workflows.engine.steps.subtickets import CANCELLED, PARTS, has_ended


def kept_problems(outline: Outline) -> Iterator[Problem]:
    """What steps would keep of sub-tickets, and cannot."""
    for task in subtickets_of(outline).values():
        kept, path = task.value.get("output_transform"), (*task.path, "output_transform")
        for name in kept if isinstance(kept, dict) else ():
            if name in PARTS:
                message = _("The step says “%(name)s” of the other ticket itself: remove it here.")
                yield Problem((*path, name), message % {"name": name}, name)
        if task.value.get("wait_for_end") is NO_WAIT and not is_empty(kept):
            message = _(
                "The step does not wait for the end of the other ticket, so that it keeps nothing "
                "of it. Remove this, or have it wait."
            )
            yield Problem(path, message, severity=Severity.WARNING)


class KeptOfCancelled:
    """Where what a step keeps of its sub-ticket may not be there: that one was cancelled.

    The step ends then all the same where a transition asks for its outcome, and nothing was kept.
    """

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._ways: dict[str, list[Entry]] = {}
        self._places: dict[str, set[str]] = {}

    def is_read(self, variable: str, rule: Json, *, at: str) -> bool:
        """Whether a rule at this task reads such a value, where it may be absent."""
        root, _dot, rest = variable.partition(".")
        key, _dot, name = rest.partition(".")
        task = self._outline.task_of.get(key) if root == "tasks" else None
        if task is None or not task.is_subticket:
            return False
        if name.partition(".")[0] not in names_kept(task) or _decided(rule, key) is not None:
            return False
        if key not in self._ways:
            self._ways[key] = list(self._ways_after(key))
            targets = [each.text("to") for each in self._ways[key]]
            self._places[key] = self._outline.reachable(*targets, without=key)
        if at == key:
            return any(each.value.get("condition") == rule for each in self._ways[key])
        return at in self._places[key]

    def _ways_after(self, key: str) -> Iterator[Entry]:
        """The transitions that may be taken after this step where its sub-ticket was cancelled."""
        leaving = self._outline.leaving[key]
        usual = [each for each in leaving if each.is_usual]
        if any(each.is_on_failure for each in leaving) or not _is_asked(key, usual):
            return
        for each in usual:
            decided = _decided(each.value.get("condition"), key)
            if decided is not False:
                yield each
            if decided:
                return


def _is_asked(key: str, transitions: list[Entry]) -> bool:
    """As `workflows.engine.steps.subtickets.knows_outcome`, of a document that may be wrong."""
    asked = {f"tasks.{key}", f"tasks.{key}.outcome", f"tasks.{key}.ended"}
    for each in transitions:
        rule = each.value.get("condition")
        try:
            if not is_empty(rule) and asked & variables_read(rule):
                return True
        except EngineError:  # told elsewhere
            continue
    return False


def _decided(rule: Json, key: str) -> bool | None:
    """What a condition yields where the sub-ticket of this step was cancelled; None: it depends."""
    try:
        return evaluate_condition(rule, {"tasks": {key: has_ended(0, outcome=CANCELLED)}})
    except EngineError:
        return None
