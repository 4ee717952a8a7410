"""Whether the transitions between the tasks lead from the start, through every task, to the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.actions.pauses import longest_call
from workflows.bundles.document.canonical import END, START, as_text, default_of, free_form
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.kinds import fields_by_name, variable_name
from workflows.bundles.outline.outline import Outline
from workflows.engine.errors import ConditionError, DurationError
from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.reads import variables_read
from workflows.engine.times.timing import Moment
from workflows.fields.field import Field


def flow_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about the transitions; silent about reachability while one names nothing."""
    if outline.transitions and not outline.leaving_completed[START]:
        message = _("No transition leaves the start. Add one from “start” to the first task.")
        yield Problem(("transitions",), message, expected=_("a transition from start"))
    if outline.is_connected and outline.leaving[START]:
        yield from _reachability_problems(outline)
        yield from _circle_problems(outline)
    for key, transitions in outline.leaving_completed.items():
        if key == START or key in outline.task_of:
            yield from _default_problems(outline, key, transitions)
    for transitions in (*outline.leaving_failed.values(), *outline.leaving_cancelled.values()):
        yield from _never_tried(outline, transitions)
    for each in outline.transitions:
        if each.text("after"):
            yield from _timeout_problems(outline, each)
        if each.is_on_failure:
            yield from _failure_problems(outline, each)
        if each.is_on_cancel:
            yield from _cancel_problems(outline, each)
        if "outcome" in each.value and each.text("to") in outline.task_of:
            message = _("Only an end has an outcome. Remove “outcome”, or let it lead to “end”.")
            yield Problem((*each.path, "outcome"), message, each.value["outcome"])
        elif each.value.get("outcome") in ("bad", "neutral") and _is_of_cancelled(outline, each):
            message = _("A ticket that was cancelled has no outcome. Remove “outcome”.")
            yield Problem((*each.path, "outcome"), message, each.value["outcome"])


def _reachability_problems(outline: Outline) -> Iterator[Problem]:
    reached = outline.reachable(START)
    ending = _leading_to_the_end(outline)
    for key, task in outline.task_of.items():
        if key not in reached:
            yield Problem(task.path, _not_reached(outline, key), key)
        elif not outline.leaving_completed[key]:
            message = _("No transition leaves this task. Add one to the next task or to “end”.")
            yield Problem(task.path, message, key)
        elif key not in ending:
            message = _(
                "From this task the end cannot be reached. Add a transition out of the loop."
            )
            if outline.branch_of[key]:
                message = _(
                    "From this task the end of its branch cannot be reached. Add a transition out "
                    "of the loop to “end”."
                )
            yield Problem(task.path, message, key)


def _not_reached(outline: Outline, key: str) -> str:
    name = outline.branch_of[key]
    if not name:
        return _("No transition leads from the start to this task. Add one to it.")
    if outline.branches[name].start == key:
        message = _("Nothing leads to the block %(block)s, in which this task stands.")
        return message % {"block": outline.title_of(outline.branches[name].block)}
    return _(
        "No transition leads to this task from where its branch begins. Add one to it, or let the "
        "branch begin with it."
    )


def _circle_problems(outline: Outline) -> Iterator[Problem]:
    """Steps that lead back to themselves, with nobody in between: told once for each circle."""
    at_once = {  # nobody waits in between when a call fails, either
        key: [*transitions, *outline.leaving_failed[key]]
        for key, transitions in outline.leaving_completed.items()
    }
    moves = {
        key: [each for each in transitions if _is_done_by_itself(outline, each.text("to"))]
        for key, transitions in at_once.items()
        if _is_done_by_itself(outline, key) and not any(map(_counts_visits, transitions))
    }
    told: set[str] = set()
    for key in outline.task_of:
        closing = _closing(key, moves)
        if closing is None or key in told:
            continue
        circle = {
            other for other in moves if other in _from(key, moves) and key in _from(other, moves)
        }
        told |= circle
        message = _(
            "From %(task)s the workflow can come back to it without a person, a time or a count in "
            "between. It would call other systems again and again, until the ticket stops with an "
            "error. Lead the circle through a task that a person does, or leave it by a condition "
            "on visits.%(key)s, which says how often the ticket has come there."
        )
        if not any(outline.task_of[each].is_call for each in circle):
            message = _(
                "From %(task)s the workflow can come back to it without a person, a time or a "
                "count in between: it would go round until the ticket stops with an error. Lead "
                "the circle through a task that a person does, or leave it by a condition on "
                "visits.%(key)s, which says how often the ticket has come there."
            )
        words = {"task": outline.title_of(key), "key": key}
        yield Problem(closing.path, message % words, severity=Severity.WARNING)


def _is_done_by_itself(outline: Outline, key: str) -> bool:
    """Whether nobody is waited for: a call, a step of the engine's own, a block of only those."""
    task = outline.task_of.get(key)
    if task is None:
        return False
    inside = outline.inside(key) if task.is_block else ()
    return all(_passes(each) for each in (task, *(outline.task_of[each] for each in inside)))


def _passes(task: Entry) -> bool:
    """Whether neither a person nor a time is waited for in it; of a block: beside its branches."""
    if task.is_approval:
        return False
    return task.is_block or task.is_call or task.is_at_once or task.is_subticket


def _counts_visits(transition: Entry) -> bool:
    try:
        names = variables_read(transition.value.get("condition"))
    except ConditionError:  # told elsewhere
        return True
    return any(name.startswith("visits.") for name in names)


def _closing(key: str, moves: Mapping[str, list[Entry]]) -> Entry | None:
    """The transition from this task from which a way leads back to it."""
    for each in moves.get(key, ()):
        target = each.text("to")
        if target == key or key in _from(target, moves):
            return each
    return None


def _from(key: str, moves: Mapping[str, list[Entry]]) -> set[str]:
    """What can be reached from a task by these transitions."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        for each in moves.get(waiting.pop(), ()):
            target = each.text("to")
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _timeout_problems(outline: Outline, transition: Entry) -> Iterator[Problem]:
    """Only what waits can be left because it waits too long."""
    path, source = (*transition.path, "after"), transition.text("from")
    task = outline.task_of.get(source)
    if source == START:
        message = _(
            "Nothing waits at the start. Remove “after”, or let the transition leave a task."
        )
        yield Problem(path, message, transition.value["after"])
    elif task is not None and task.is_at_once:
        message = _(
            "This step is done at once: nothing waits there. Remove “after”, or let the transition "
            "leave a task that waits."
        )
        yield Problem(path, message, transition.value["after"])
    elif task is not None and task.task_type and not task.task_type.rules.can_be_left:
        message = _(
            "A call that is answered at once has a timeout of its own. Remove “after”, or let the "
            "transition leave a task that waits for a person or for a callback."
        )
        yield Problem(path, message, transition.value["after"])

    elif task is not None and task.is_answered_later:
        yield from _too_late_for_a_call(task, transition)


def _too_late_for_a_call(task: Entry, transition: Entry) -> Iterator[Problem]:
    """A call ends by itself: a time that is longer than all of its attempts never comes."""
    seconds, retries = _number(task, "timeout_seconds"), _number(task, "retries")
    after = transition.text("after")
    try:
        least = Moment.parse(after).least_seconds
    except DurationError:  # the structure says so
        return
    if seconds and least > longest_call(seconds=seconds, retries=retries):
        message = _(
            "This transition is never taken: the call ends before. It is tried %(attempts)d times, "
            "with %(seconds)d seconds for each answer. Choose a shorter time, or let the "
            "transition be taken when the call fails."
        )
        words = {"attempts": retries + 1, "seconds": seconds}
        path = (*transition.path, "after")
        yield Problem(path, message % words, after, severity=Severity.WARNING)


def _number(task: Entry, name: str) -> int:
    """What a task says, or what holds where it says nothing; 0 where that is no number."""
    found = task.value.get(name, default_of("task", name))
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def _failure_problems(outline: Outline, transition: Entry) -> Iterator[Problem]:
    """Only a call fails, and what waits for a time waits for nothing else."""
    path, found = (*transition.path, "on_failure"), transition.value["on_failure"]
    task = outline.task_of.get(transition.text("from"))
    is_start = transition.text("from") == START
    if is_start or (task is not None and task.task_type and not task.can_fail):
        message = _(
            "Only a call to another system can fail. Remove “on_failure”, or let the transition "
            "leave a call."
        )
        yield Problem(path, message, found)
    if transition.text("after"):
        message = _(
            "A transition is taken after a time or when a call fails, not both. Remove “after” or "
            "“on_failure”, or make two transitions of it."
        )
        yield Problem(path, message, found)


def _is_of_cancelled(outline: Outline, transition: Entry) -> bool:
    source = transition.text("from")
    is_clean_up = source in outline.clean_up_tasks and source not in outline.usual_tasks
    return transition.is_on_cancel or is_clean_up


def _cancel_problems(outline: Outline, transition: Entry) -> Iterator[Problem]:
    """What a cancelled ticket does is a flow of its own, and begins once."""
    path, source, target = transition.path, transition.text("from"), transition.text("to")
    here = (*path, "on_cancel")
    if transition.text("after") or transition.is_on_failure:
        message = _(
            "A transition is taken when the ticket is cancelled, after a time or when a call "
            "fails: one of these. Make a transition of its own for each."
        )
        yield Problem(here, message, True)
    task = outline.task_of.get(source)
    if task is not None and task.text("branch"):
        message = _(
            "A ticket is cancelled as a whole: let the transition leave the block around this task."
        )
        yield Problem(here, message, True)
    if source in outline.clean_up_tasks and source not in outline.usual_tasks:
        message = _("At %(task)s the ticket is cancelled already. Remove “on_cancel”.")
        yield Problem(here, message % {"task": outline.title_of(source)}, True)
    both = outline.clean_up_tasks & outline.usual_tasks
    reached = [key for key in outline.task_of if key in both and key in outline.reachable(target)]
    if reached:
        message = _(
            "What follows when the ticket is cancelled leads to %(task)s, which is a task of the "
            "usual flow, too. Give it tasks of its own."
        )
        yield Problem((*path, "to"), message % {"task": outline.title_of(reached[0])}, target)


def _leading_to_the_end(outline: Outline) -> set[str]:
    coming_from: dict[str, set[str]] = {}
    for source, targets in outline.following.items():
        for target in targets:
            coming_from.setdefault(target, set()).add(source)
    found = {END, *outline.branches}
    waiting = list(found)
    while waiting:
        for key in coming_from.get(waiting.pop(), set()) - found:
            found.add(key)
            waiting.append(key)
    return found


def _never_tried(outline: Outline, transitions: list[Entry]) -> Iterator[Problem]:
    """Those that stand behind one that is always taken."""
    index = _always_taken(transitions)
    for later in [] if index is None else transitions[index + 1 :]:
        message = _(
            "This transition is never taken: the one to %(target)s is tried before it and "
            "has no condition. Give that one a higher priority number."
        )
        text = message % {"target": outline.title_of(transitions[index or 0].text("to"))}
        yield Problem(later.path, text, severity=Severity.WARNING)


def _always_taken(transitions: list[Entry]) -> int | None:
    for index, each in enumerate(transitions):
        condition = each.value.get("condition")
        if is_empty(condition) or condition is True:
            return index
    return None


def _default_problems(outline: Outline, key: str, transitions: list[Entry]) -> Iterator[Problem]:
    if _always_taken(transitions) is not None:
        yield from _never_tried(outline, transitions)
        return
    conditions: list[Json] = [each.value["condition"] for each in transitions]
    if conditions and not cover_each_other(conditions, fields_by_name(outline)):
        message = _(
            "Every transition from %(task)s has a condition. Where none of them is true the ticket "
            "stops with an error. Leave the condition of the last one out, so that it is taken "
            "otherwise."
        )
        yield Problem(transitions[-1].path, message % {"task": outline.title_of(key)})


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition that compares one variable with one value: is it this one, or is it not."""

    variable: str
    value: str
    is_equal: bool


def cover_each_other(conditions: list[Json], answers: Mapping[str, Field]) -> bool:
    """Whether one of the conditions is plainly always true.

    Plainly: a condition and its opposite, or one for each value that a field can have.
    """
    texts = {as_text(free_form(each)) for each in conditions}
    if any(as_text(free_form({"!": each})) in texts for each in conditions):
        return True
    if any(as_text(free_form({"!": [each]})) in texts for each in conditions):
        return True
    tests = {each for each in map(_test, conditions) if each is not None}
    for test in tests:
        if _Test(test.variable, test.value, not test.is_equal) in tests:
            return True
        values = {each.value for each in tests if each.variable == test.variable and each.is_equal}
        possible = _possible_values(answers.get(test.variable))
        if possible and possible <= values:
            return True
    return False


def _possible_values(field: Field | None) -> set[str]:
    if field is None or not field.required or not is_empty(field.visible_when):
        return set()
    return {as_text(value) for value in field.type.possible_values(field)}


def _test(condition: Json) -> _Test | None:
    if not isinstance(condition, dict) or len(condition) != 1:
        return None
    ((operator, arguments),) = condition.items()
    if name := variable_name(condition):
        return _Test(name, "true", is_equal=True)
    if operator == "!":
        name = variable_name(
            arguments[0] if isinstance(arguments, list) and arguments else arguments
        )
        return _Test(name, "false", is_equal=True) if name else None
    if operator not in {"==", "===", "!=", "!=="}:
        return None
    if not isinstance(arguments, list) or len(arguments) != 2:
        return None
    left, right = arguments
    if not variable_name(left):
        left, right = right, left
    name = variable_name(left)
    if not name or isinstance(right, dict | list):
        return None
    return _Test(name, as_text(free_form(right)), is_equal=operator in {"==", "==="})
