"""The steps so far of a try, and the times that may pass: rows for its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.authoring.definitions.pages.in_words import pretty
from workflows.bundles import Trial
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.shown_outputs import specs_of_output, without_branches
from workflows.bundles.telling.approvals import approvers_in_words
from workflows.bundles.telling.assignments import assignments_in_words
from workflows.bundles.telling.assistants import assistance_in_words
from workflows.bundles.telling.message_answers import MessageAnswers
from workflows.bundles.telling.messages import (
    labels_of_recipients,
    mails_in_words,
    message_notes,
    recipient_in_words,
)
from workflows.bundles.telling.task_notes import task_notes
from workflows.engine.conditions.sentence import describe_condition
from workflows.engine.decide import TriedTransition
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.rules.compiling import is_empty
from workflows.engine.simulate import Outcome, Simulation, Step, TimeOver
from workflows.engine.steps.approvals import answers_of_vote, approval_key, vote_key
from workflows.engine.steps.assigning import AssignRule, Who
from workflows.engine.steps.edits import by_owner
from workflows.engine.steps.messages import MessageSpec
from workflows.engine.task_types import TaskType
from workflows.failure_reasons import failure_in_words
from workflows.forms import Shown, show_answers, show_answers_for_requester
from workflows.picture.graph import draw_process
from workflows.working_hours.durations import duration_in_words, shortest_first


@dataclass(frozen=True, slots=True)
class TriedRow:
    """A transition with its condition as a sentence, and its result: yes, no, error or none."""

    target: str
    condition: str
    is_always: bool
    outcome: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class PassedRow:
    """A time that has passed, such as “2 days”, with what its transitions said."""

    time: str
    tried: Sequence[TriedRow]
    is_left: bool


@dataclass(frozen=True, slots=True)
class TimeRow:
    """A time that may pass next: the duration, in words, and the transitions that wait for it."""

    after: str
    time: str
    transitions: Sequence[TriedRow]


@dataclass(frozen=True, slots=True)
class StepRow:
    """One of the steps so far. `tone` is plain, good, late, bad or now."""

    title: str
    icon: str
    tone: str
    answers: Sequence[Shown]
    passed: Sequence[PassedRow]
    tried: Sequence[TriedRow]
    error: str
    documents: Sequence[tuple[str, str]]
    # What the tasks have brought until then: the title of each, and its answers.
    so_far: Sequence[tuple[str, Sequence[Shown]]] = ()
    failure: str = ""
    is_cancelled: bool = False
    cancels: bool = False
    # Which row of a decision table counts.
    note: str = ""
    changed: Sequence[Shown] = ()


def step_rows(
    trial: Trial, simulation: Simulation, *, ticket: JsonObject, labels: Mapping[str, str]
) -> list[StepRow]:
    """The steps; `ticket` is its data with presets, `labels` are those of conditions."""
    return [
        _step_row(
            trial,
            step,
            ticket,
            labels,
            error=step.error or (simulation.error if step is simulation.last_step else ""),
        )
        for step in simulation.steps
    ]


def times_to_come(trial: Trial, step: Step) -> list[str]:
    """The durations that may pass at a task that waits, the shortest first."""
    if step.task is None:
        return []
    passed = {each.after for each in step.times}
    times = trial.process.timeouts(step.task)
    return shortest_first(each for each in times if each not in passed)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A task that waits: its title, what `choose` of the page is to send, and its times."""

    place: str
    title: str
    times: Sequence[TimeRow]
    is_block: bool = False


def place_of(step: Step) -> str:
    """A step that waits, as the page sends it back: `offer 1 2`."""
    return " ".join([step.task or "", *map(str, step.items)])


def title_of_step(trial: Trial, step: Step) -> str:
    """What people call it, with the number of the entry that it is done for."""
    title = trial.title_of(step.task or "")
    return f"{title} ({', '.join(map(str, step.items))})" if step.items else title


def waiting_rows(
    trial: Trial, simulation: Simulation, labels: Mapping[str, str]
) -> list[WaitingRow]:
    """What waits, the blocks last: they can only be left in time."""
    blocks = [simulation.steps[index] for index in simulation.open_blocks]
    return [
        WaitingRow(
            place_of(step),
            title_of_step(trial, step),
            time_rows(trial, step, labels),
            is_block=step in blocks,
        )
        for step in (*simulation.waiting, *blocks)
    ]


def time_rows(trial: Trial, step: Step, labels: Mapping[str, str]) -> list[TimeRow]:
    return [
        TimeRow(
            after=after,
            time=duration_in_words(after),
            transitions=[
                _transition_row(trial, each.to_task, each.label, each.condition, labels)
                for each in sorted(trial.process.transitions, key=lambda each: each.priority)
                if (each.from_task, each.after) == (step.task, after)
            ],
        )
        for after in times_to_come(trial, step)
    ]


def cancel_rows(trial: Trial, simulation: Simulation, labels: Mapping[str, str]) -> list[TriedRow]:
    """What may be taken when the ticket is cancelled at the task that is waited for."""
    key = simulation.waiting_for
    if key is None or any(each.cancels for each in simulation.steps):
        return []
    return [
        _transition_row(trial, each.to_task, each.label, each.condition, labels)
        for each in trial.process.cancel_ways(trial.process.on_main_path(key))
    ]


@dataclass(frozen=True, slots=True)
class ToldRow:
    """The answers of a task that whoever submitted the ticket sees."""

    title: str
    answers: Sequence[Shown]


def told_rows(trial: Trial, simulation: Simulation) -> list[ToldRow]:
    """What the requester sees of the answers so far, in the order of the tasks."""
    found = []
    for key, output in _brought(trial, simulation.data):
        answers = show_answers_for_requester(trial.fields_of(key), output)
        if answers:
            found.append(ToldRow(trial.title_of(key), answers))
    return found


def _brought(trial: Trial, data: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """What came of the forms, those for each entry of a list and each vote among them."""
    for key in trial.tasks:
        output, kind = data.get(key), trial.rules[key].task_type
        if not isinstance(output, dict):
            continue
        if kind.is_approval:
            votes = objects_in(output.get("votes"))
            yield from ((vote_key(key), answers_of_vote(each)) for each in votes)
        elif kind.is_block:
            for item in objects_in(output.get("items")):
                yield from _brought(trial, item)
        elif kind.is_form:
            yield key, output


def picture_of(trial: Trial, simulation: Simulation | None) -> SafeString:
    """The process, with the steps so far."""
    if simulation is None:
        return draw_process(
            trial.process,
            notes=task_notes(trial.document),
            mails_in_words=mails_in_words(trial.document),
        )
    failed = [each.task for each in simulation.steps if each.error and each.task]
    if simulation.outcome is Outcome.ERROR and (last := simulation.last_step.task) is not None:
        failed.append(last)
    waiting = [*simulation.waiting, *(simulation.steps[each] for each in simulation.open_blocks)]
    taken = [
        (each.from_task, each.to_task, each.label)
        for step in simulation.steps
        if step.decision is not None
        for each in step.decision.tried
        if each.result
    ]
    return draw_process(
        trial.process,
        current=[each.task for each in waiting if each.task],
        finished=[step.task for step in simulation.steps if step.task and step.output is not None],
        failed=failed,
        taken=taken,
        notes=task_notes(trial.document),
        mails_in_words=mails_in_words(trial.document),
    )


def given_in_trial(trial: Trial, step: Step, ticket: JsonObject) -> str:
    """Whom a real ticket would give the task to, by its rule; with the person whom it names.

    With the assistant to which it would be offered first.
    """
    given = _given_by_rule(trial, step, ticket)
    assistant = assistance_in_words(trial.tasks.get(step.task or "", {}).get("assistant"))
    return f"{given}; {assistant}" if assistant else given


def _given_by_rule(trial: Trial, step: Step, ticket: JsonObject) -> str:
    key = step.task or ""
    if step.is_vote:
        approval = trial.tasks.get(approval_key(key), {})
        person = step.item if isinstance(step.item, dict) else {}
        return str(person.get("name") or person.get("email") or approvers_in_words(approval, {}))
    words = assignments_in_words(trial.document).get(key)
    if words is None:
        return str(trial.tasks[key].get("candidate_role") or _("every task worker"))
    rule = AssignRule.of(trial.tasks[key].get("assign_to"))
    if rule.who is not Who.ANSWER:
        return words
    value: object = {"ticket": ticket, "tasks": step.data}
    for name in rule.named.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return _("%(rule)s (nobody is named)") % {"rule": words}
    return _("%(rule)s (%(person)s)") % {"rule": words, "person": value.get("name", "")}


def _step_row(
    trial: Trial, step: Step, ticket: JsonObject, labels: Mapping[str, str], *, error: str
) -> StepRow:
    if step.task is None:
        title, icon = _("The ticket"), "play_circle"
        answers = show_answers(trial.fields, ticket)
    else:
        task_type = trial.rules[step.task].task_type
        title, icon = title_of_step(trial, step), _icon_of(task_type)
        answers = _brought_by(trial, step.task, step.output)
    was_decided_in_time = step.decision is not None and not step.timeout_taken
    return StepRow(
        title=title,
        icon=_icon_of_end(step) or icon,
        tone=_tone(step, error),
        answers=answers,
        passed=[_passed(trial, step, each, labels) for each in step.times],
        tried=_tried(trial, step.decision.tried, labels)
        if step.decision is not None and was_decided_in_time
        else (),
        error=error,
        documents=(
            *_documents(step),
            *_mail(trial, step, ticket),
            *_mails_on_way(trial, step, ticket),
        ),
        so_far=_so_far(trial, step),
        failure=failure_in_words(step.failure) if step.failure is not None else "",
        is_cancelled=step.is_cancelled,
        cancels=step.cancels,
        note=_row_that_fits(step.note) or _mail_of(trial, step),
        changed=list(_changed(trial, step)),
    )


def _mail_of(trial: Trial, step: Step) -> str:
    """To whom a step writes; empty for any other step."""
    if step.task is None or not trial.rules[step.task].task_type.sends_message:
        return ""
    return message_notes(trial.document).get(step.task, "")


def _mail(trial: Trial, step: Step, ticket: JsonObject) -> Iterable[tuple[str, str]]:
    """What a step writes, with the answers so far."""
    if step.task is None or not trial.rules[step.task].task_type.sends_message:
        return
    yield _("The mail"), _written(trial, step, ticket, trial.tasks[step.task].get("message"))


def _mails_on_way(trial: Trial, step: Step, ticket: JsonObject) -> Iterable[tuple[str, str]]:
    """What is sent on the way that is taken after a step."""
    sent = step.decision.messages if step.decision is not None else ()
    labels = labels_of_recipients(trial.document) if sent else {}
    for message in sent:
        to = recipient_in_words(message, str(message.get("role") or ""), labels)
        title = _("On the way that is taken, a mail to %(to)s") % {"to": to}
        yield title, _written(trial, step, ticket, message)


def _written(trial: Trial, step: Step, ticket: JsonObject, message: Json) -> str:
    """A mail with the answers so far."""
    spec = MessageSpec.of(message)
    context: JsonObject = {"ticket": ticket, "tasks": step.data, "item": step.item}
    if step.failure is not None:
        context["failure"] = step.failure.as_json()
    answers = MessageAnswers(Outline(trial.document), step.task or "", context, number="#1")
    subject, text = (each.filled(answers.text) for each in (spec.subject_read, spec.text_read))
    return f"{subject}\n\n{text}"


def _row_that_fits(note: JsonObject) -> str:
    """Which row of a decision table counts; empty for any other step."""
    rows = note.get("rows")
    if not isinstance(rows, list):
        return ""
    if not rows:
        return _("No row of the table fits: its default counts.")
    words = {"rows": ", ".join(map(str, rows)), "note": note.get("note", "")}
    if note.get("note"):
        return _("Row %(rows)s of the table fits: %(note)s") % words
    text = ngettext("Row %(rows)s of the table fits.", "Rows %(rows)s of the table fit.", len(rows))
    return text % words


def _icon_of_end(step: Step) -> str:
    if step.is_cancelled or step.cancels:
        return "block"
    return "timer_off" if step.timeout_taken else "call_split" if step.failure else ""


def _changed(trial: Trial, step: Step) -> Iterable[Shown]:
    """The earlier answers that a task has changed, as they are now."""
    for task, own in by_owner(step.edits).items():
        specs = trial.fields_of(task) if task else trial.fields
        given = {name: value for name, value in own.items() if value is not None}
        yield from show_answers(specs, given)
        for shown in show_answers(specs, dict.fromkeys(set(own) - set(given), "-")):
            yield replace(shown, kind="text", text="-", items=[], rows=[])


def _icon_of(task_type: TaskType) -> str:
    if task_type.is_approval or task_type.is_vote:
        return "how_to_vote"
    if task_type.is_block:
        return "splitscreen"
    if task_type.is_wait:
        return "hourglass_bottom"
    if task_type.is_subticket:
        return "account_tree"
    if task_type.sends_message:
        return "mail"
    if task_type.is_at_once:
        return "function"
    return "person" if task_type.is_form else "bolt"


def _tone(step: Step, error: str) -> str:
    if error:
        return "bad"
    if step.timeout_taken or step.failure is not None or step.cancels:
        return "late"
    if step.is_cancelled:
        return "plain"
    return "good" if step.output is not None else "now"


def _passed(trial: Trial, step: Step, over: TimeOver, labels: Mapping[str, str]) -> PassedRow:
    return PassedRow(
        time=duration_in_words(over.after),
        tried=_tried(trial, over.decision.tried, labels),
        is_left=step.timeout_taken == over.after,
    )


def _tried(
    trial: Trial, tried: Iterable[TriedTransition], labels: Mapping[str, str]
) -> list[TriedRow]:
    return [
        _transition_row(
            trial,
            each.to_task,
            each.label,
            each.condition,
            labels,
            outcome="error" if each.result is None else "yes" if each.result else "no",
            error=each.error,
        )
        for each in tried
    ]


def _transition_row(
    trial: Trial,
    to_task: str | None,
    label: str,
    condition: Json,
    labels: Mapping[str, str],
    *,
    outcome: str = "",
    error: str = "",
) -> TriedRow:
    target = trial.title_of(to_task) if to_task is not None else _("the end")
    if to_task is None and label:
        target = _("the end (%(label)s)") % {"label": label}
    return TriedRow(
        target=target,
        condition=describe_condition(condition, labels),
        is_always=is_empty(condition),
        outcome=outcome,
        error=error,
    )


def _brought_by(trial: Trial, key: str, output: Json) -> list[Shown]:
    """What came of a task, as the page of a ticket shows it."""
    brought = output if isinstance(output, dict) else {}
    if trial.rules[key].task_type.is_block:
        brought = without_branches(brought)
    return show_answers(specs_of_output(trial.tasks[key], brought), brought)


def _so_far(trial: Trial, step: Step) -> list[tuple[str, list[Shown]]]:
    if step.task is None or step.output is None:
        return []
    return [
        (trial.title_of(key), answers)
        for key, output in step.data.items()
        if key in trial.tasks and (answers := _brought_by(trial, key, output))
    ]


def _documents(step: Step) -> Iterable[tuple[str, str]]:
    if step.sends is not None:
        yield _("What the call would send"), pretty(step.sends)
    if step.task is not None and step.output is not None:
        yield _("The same as conditions read it"), pretty(step.data)
