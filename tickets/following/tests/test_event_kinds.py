"""Every kind of event, at every place that has to do with events.

A new kind needs an example here; everything else asks its declaration.
"""

from __future__ import annotations

import ast
import copy
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase, tampering, unrendered
from tickets.advancing.task_times import is_current_wait
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.replaying import replay_visits
from workflows.engine.process import JsonObject
from workflows.engine.steps.blocks import BlockSpec, BranchSpec
from workflows.errors import HistoryError
from workflows.models import TaskStatus, WorkflowEvent, WorkflowStatus
from workflows.running import events
from workflows.running.events.kind import (
    UNKNOWN,
    TaskTime,
    Tone,
    all_kinds,
    declare,
    event_sentence,
    kind_named,
)
from workflows.running.events.state import PathState, State, TaskState
from workflows.running.history import replay

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
WENDY = 42


@dataclass(frozen=True)
class Example:
    """`of_task`: it happens to a task. `changes` is what it does to a running instance."""

    data: JsonObject = field(default_factory=dict)
    of_task: bool = True
    changes: Mapping[str, object] = field(default_factory=dict)


MADE: JsonObject = {"made": [{"task": 8, "key": "sign"}], "next_tasks": ["sign"]}
NEW_TASK = {7: TaskState("check", TaskStatus.OPEN, WENDY), 8: TaskState("sign")}
ENDED = {7: TaskState("check", TaskStatus.CANCELLED, WENDY)}
# A branch of a block, as far as it is.
PATH: JsonObject = {"path": 5, "branch": "it", "number": 1, "title": "IT"}


def paths(status: str = "WAITING", **more: Any) -> dict[int, PathState]:
    return {5: PathState(block=7, branch="it", number=1, status=status, **more)}


ENDED_EARLY: dict[str, object] = {
    "status": "CANCELLED",
    "tasks": ENDED,
    "paths": paths("CANCELLED"),
}
EXAMPLES = {
    "STARTED": Example({"version": 2, "workflow": "Flow"}, False, {"version": 2}),
    "MOVED": Example(MADE, True, {"current_task": 8, "tasks": NEW_TASK}),
    "ASSIGNED": Example(
        {"to": "Walt Wood", "to_id": 43, "for": "Wendy Wells", "for_id": WENDY},
        True,
        {"assigned_to": 43},
    ),
    "RELEASED": Example(
        {"from": "Wendy Wells", "from_id": WENDY},
        changes={"task_status": "PENDING", "assigned_to": None},
    ),
    "REMINDED": Example(
        {
            "reminder": f"P1D > person {WENDY}",
            "when": "P1D",
            "tell": "person",
            "person": "Wendy Wells",
            "person_id": WENDY,
            "add": True,
        },
    ),
    "TIMES_MOVED": Example({"due": "2026-03-02T09:00:00+00:00"}),
    "WAIT_ENDED": Example(
        {"until": "2026-04-01T12:00:00+00:00"},
        changes={"task_status": "COMPLETED", "data": {"check": {}}},
    ),
    "TASK_STARTED": Example(changes={"task_status": "IN_PROGRESS"}),
    "TASK_COMPLETED": Example(
        {"output": {"big": True}},
        changes={"task_status": "COMPLETED", "data": {"check": {"big": True}}},
    ),
    "DONE_AT_ONCE": Example(
        {"output": {"big": True, "row": 3}, "rows": [3], "read": {"What": "A desk"}},
        changes={"task_status": "COMPLETED", "data": {"check": {"big": True, "row": 3}}},
    ),
    "SUBTICKET_STARTED": Example(
        {"ticket": 12, "called": "#12"}, changes={"task_status": "IN_PROGRESS"}
    ),
    "SUBTICKET_ENDED": Example(
        {"ticket": 12, "called": "#12", "output": {"ended": True, "outcome": "good"}},
        changes={
            "task_status": "COMPLETED",
            "data": {"check": {"ended": True, "outcome": "good"}},
        },
    ),
    "STARTED_BY": Example({"ticket": 5, "called": "#5", "step": "Ask"}, of_task=False),
    "SUBMITTED_OUTSIDE": Example(of_task=False),
    "SENT_OUTSIDE": Example({"to_contact": True}),
    "UNDELIVERED": Example(),
    "OFFERED": Example(
        {"to": "Wendy Wells", "to_id": WENDY, "until": "2026-04-01T12:00:00+00:00", "checked": True}
    ),
    "OFFER_ENDED": Example({"from": "Wendy Wells", "from_id": WENDY, "why": "OUT_OF_TIME"}),
    "SENT_AGAIN": Example({"reason": "It was full.", "elsewhere": True}),
    "MESSAGE_SENT": Example(
        {"output": {}, "who": "person", "to": "Wendy Wells", "to_id": WENDY},
        changes={"task_status": "COMPLETED", "data": {"check": {}}},
    ),
    "WAY_MESSAGE_SENT": Example(
        {"next_tasks": [], "who": "person", "to": "Wendy Wells", "to_id": WENDY}
    ),
    "CALLED": Example({"attempt": 1}, changes={"task_status": "IN_PROGRESS"}),
    "ACCEPTED": Example({"attempt": 1}, changes={"task_status": "PENDING"}),
    "ASKED": Example({"due": ""}, changes={"task_status": "PENDING"}),
    "ANSWERED": Example({"without": True}, changes={"task_status": "OPEN"}),
    "FAILED": Example({"error": "It is down."}, changes={"task_status": "ERROR"}),
    "RESEALED": Example({"reason": "A person was erased."}, of_task=False),
    "RETRIED": Example({"reason": "Again.", "status": "OPEN"}),
    "CHANGED": Example(
        {"what": "output", "old": {}, "new": {"big": False}, "reason": "A mistake."},
        changes={"data": {"check": {"big": False}}},
    ),
    "PRIORITY_CHANGED": Example({"old": "normal", "new": "high"}, of_task=False),
    "FILE_VERSION": Example({"upload": "7b2c", "version": 2}, of_task=False),
    "TEAM_FILE_VERSION": Example({"upload": "7b2c", "version": 2}, of_task=False),
    "MESSAGE_HIDDEN": Example(
        {"message": 3, "from": "Wendy Wells", "from_id": WENDY, "reason": "Not for all."}, False
    ),
    "MESSAGE_SHOWN": Example({"message": 3, "from": "Wendy Wells", "from_id": WENDY}, False),
    "HELD": Example({"reason": "Wait."}, False, {"status": "ON_HOLD"}),
    "RESUMED": Example({"reason": "Go on."}, False),
    "VERSION_CHANGED": Example({"from": 1, "to": 2, "reason": "New."}, False, {"version": 2}),
    "TIMED_OUT": Example({"after": "P2D"}, changes={"task_status": "CANCELLED"}),
    "CALL_FAILED": Example(
        {
            "failure": {"status": 402, "reason": "refused", "message": "No.", "answer": None},
            "next_tasks": [],
        },
        changes={"task_status": "CANCELLED"},
    ),
    "ERROR_REVIEWED": Example({"error_id": 1, "what": "It is down."}),
    "ERROR_RESOLVED": Example({"error_id": 1, "what": "It is down.", "notes": "It is up."}),
    "ERASED": Example({}, False),
    "CANCELLED": Example({"reason": "No."}, False, ENDED_EARLY),
    "CLEANED_UP": Example(
        {"label": "released"}, False, {"status": "CANCELLED", "end_label": "released"}
    ),
    "SUBMITTED_FOR": Example({"to": "Wendy Wells", "to_id": WENDY}, of_task=False),
    "CAME_IN": Example(
        {
            "by": "start",
            "called": "100% of it",
            "due": "2026-04-01T12:00:00+00:00",
            "missed": ["2026-03-31T12:00:00+00:00"],
            "missed_count": 1,
        },
        of_task=False,
    ),
    "DUPLICATE": Example(
        {"reason": "The same.", "of": 12, "called": "#12"},
        False,
        ENDED_EARLY,
    ),
    "WITHDRAWN": Example({"reason": "Found it."}, False, ENDED_EARLY),
    "BLOCK_BEGAN": Example(
        {
            "paths": [
                {
                    "path": 6,
                    "branch": "desk",
                    "number": 2,
                    "title": "Desk",
                    "made": {"task": 8, "key": "sign"},
                }
            ],
            "left_out": ["hr"],
            "is_list": False,
            "of": 1,
        },
        changes={
            "tasks": {
                7: TaskState("check", TaskStatus.IN_PROGRESS, WENDY),
                8: TaskState("sign", path=6),
            },
            "paths": {
                **paths(),
                6: PathState(block=7, branch="desk", number=2, status="RUNNING", current_task=8),
            },
        },
    ),
    "BRANCH_BEGAN": Example(
        {**PATH, "made": [{"task": 8, "key": "sign"}]},
        changes={
            "tasks": {7: TaskState("check", TaskStatus.OPEN, WENDY), 8: TaskState("sign", path=5)},
            "paths": paths("RUNNING", current_task=8),
        },
    ),
    "BRANCH_ENDED": Example(
        {**PATH, "label": "done", "outcome": "good"},
        changes={"paths": paths("ENDED", end_label="done", outcome="good")},
    ),
    "BRANCH_CANCELLED": Example(
        {**PATH, "reason": "enough"}, changes={"paths": paths("CANCELLED")}
    ),
    "BLOCK_ENDED": Example(
        {"ended": 0, "of": 1, "output": {"approved": False, "votes": []}},
        changes={
            "task_status": "COMPLETED",
            "data": {"check": {"approved": False, "votes": []}},
        },
    ),
    "COMPLETED": Example({"label": "done"}, False, {"status": "COMPLETED", "end_label": "done"}),
}


def event_of(kind: str, example: Example, **fields: Any) -> WorkflowEvent:
    return WorkflowEvent(kind=kind, data=example.data, at=NOON, **fields)


def running() -> State:
    """Of an instance that runs, at a task that Wendy has."""
    return State(
        status=WorkflowStatus.IN_PROGRESS.value,
        version=1,
        current_task=7,
        tasks={7: TaskState("check", TaskStatus.OPEN.value, WENDY)},
        paths=paths(),
        blocks={7: BlockSpec(branches=(BranchSpec("it"),))},
    )


# So few events of each page are looked at together that it shows all of them.
AT_ONCE = 10


class DeclarationTests(CompanyTestCase):
    def test_each_module_declares_the_kind_of_its_name(self) -> None:
        folder = Path(events.__file__).parent
        modules = {path.stem.upper() for path in folder.glob("of_*/*.py")}
        self.assertEqual(modules - {"__INIT__"}, {str(kind) for kind in all_kinds()})

    def test_each_kind_has_an_example_here(self) -> None:
        self.assertEqual(set(EXAMPLES), {str(kind) for kind in all_kinds()})

    def test_each_kind_declares_what_of_its_data_is_a_person_and_what_are_answers(self) -> None:
        """Restoring a company and erasing a person ask it."""
        for kind in all_kinds():
            with self.subTest(kind):
                data = EXAMPLES[kind].data
                numbers = {name for name in data if name.endswith("_id")} - {"error_id"}
                self.assertEqual(numbers, {number for number, _name in kind.rules.people})
                objects = {name for name, value in data.items() if isinstance(value, dict)}
                self.assertEqual(objects, set(kind.rules.answers))

    def test_names_fit_the_column_and_are_declared_once(self) -> None:
        longest = WorkflowEvent._meta.get_field("kind").max_length or 0
        for kind in all_kinds():
            self.assertLessEqual(len(kind), longest)
            with self.assertRaises(ValueError):
                declare(str(kind), rules=kind.rules, screen=kind.screen)

    def test_a_kind_is_a_text_that_can_be_copied_and_handed_over(self) -> None:
        for kind in (*all_kinds(), UNKNOWN):
            self.assertIs(copy.deepcopy(kind), kind)
            self.assertIs(pickle.loads(pickle.dumps(kind)), kind)  # noqa: S301 - our own
            self.assertEqual({str(kind): 1}[kind], 1)

    def test_nobody_else_has_a_list_of_kinds(self) -> None:
        names = {str(kind) for kind in all_kinds()}
        for path in _modules():
            code = path.read_text(encoding="utf-8")
            if events.__name__ not in code:  # it imports none
                continue
            tree = ast.parse(code)
            imported = set(_imported_kinds(tree)) & names
            for node in ast.walk(tree):
                if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                    parts = node.keys if isinstance(node, ast.Dict) else node.elts
                    listed = {each.id for each in parts if isinstance(each, ast.Name)} & imported
                    self.assertLess(len(listed), 2, f"{path}:{node.lineno} lists {listed}")


class ReplayTests(CompanyTestCase):
    def test_each_kind_does_to_the_state_what_its_example_says(self) -> None:
        for name, example in EXAMPLES.items():
            with self.subTest(name):
                state, expected = running(), running()
                task = 7 if example.of_task else None
                event = event_of(name, example, task_instance_id=task)
                kind_named(name).rules.effect(state, event)
                for what, value in example.changes.items():
                    if what == "task_status":
                        expected.tasks[7].status = str(value)
                    elif what == "assigned_to":
                        expected.tasks[7].assigned_to = value  # type: ignore[assignment]
                    else:
                        setattr(expected, what, value)
                self.assertEqual(state, expected)


class PageTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.ticket = self.submit()
        self.task = self.current(self.ticket)
        self.give_role(self.terry, SystemRole.USER)

    def write(self, name: str, example: Example, *, of_task: bool) -> WorkflowEvent:
        return WorkflowEvent.objects.create(
            workflow_instance=self.instance(self.ticket),
            task_instance=self.task if of_task else None,
            kind=name,
            data=example.data,
            actor=self.terry,
        )

    def test_the_history_of_ticket_admins_tells_each(self) -> None:
        self.enterContext(unrendered())
        self.log_in(self.terry)
        whole = reverse("admin:tickets_ticket_change", args=[self.ticket.pk])
        of_one = reverse("admin:workflows_taskinstance_change", args=[self.task.pk])
        for some in batched(EXAMPLES.items(), AT_ONCE):
            told, told_of_task, written = [], [], []
            for name, example in some:
                screen = kind_named(name).screen
                for of_task in {True, example.of_task}:
                    with self.subTest(name, of_task=of_task):
                        event = self.write(name, example, of_task=of_task)
                        text = event_sentence(screen.history, event, {"sign": "Sign"})
                        self.assert_whole(text)
                        told.append((text, screen.icon))
                        told_of_task += [(text, screen.icon)] if of_task else []
                        written.append(event)
            self.assertEqual(self.told(whole)[-len(told) :], told)
            self.assertEqual(self.told(of_one)[-len(told_of_task) :], told_of_task)
            self.undo(written)

    def test_what_happened_meanwhile_is_told_on_the_page_of_a_repair(self) -> None:
        self.enterContext(unrendered())
        self.log_in(self.terry)
        page = reverse("admin:tickets_ticket_repair", args=[self.ticket.pk, "hold", 0])
        seen = marker_of(self.ticket)
        for name, example in EXAMPLES.items():
            with self.subTest(name):
                event = self.write(name, example, of_task=example.of_task)
                sent = {"reason": "Wait.", "expected": seen}
                lines = self.client.post(page, sent).context["happened"].lines
                self.assertEqual(lines[-1].icon, kind_named(name).screen.icon)
                with tampering():
                    event.delete()

    def test_the_line_of_time_tells_what_the_submitter_may_know(self) -> None:
        self.enterContext(unrendered())
        self.log_in(self.uma)
        page = reverse("admin:tickets_myticket_change", args=[self.ticket.pk])
        before = self.told(page)
        for some in batched(EXAMPLES.items(), AT_ONCE):
            told, written = [], []
            for name, example in some:
                screen = kind_named(name).screen
                event = self.write(name, example, of_task=example.of_task)
                written.append(event)
                if screen.timeline is not None:
                    with self.subTest(name):
                        text = event_sentence(screen.timeline, event)
                        self.assert_whole(text)
                        told.append((text, screen.icon))
            shown = self.told(page)  # the newest of them
            self.assertGreaterEqual(len(shown), len(told))
            self.assertEqual(shown, [*before, *told][-len(shown) :])
            self.undo(written)

    def told(self, page: str) -> list[tuple[str, str]]:
        """What a page tells of the history, without what people wrote."""
        context = self.client.get(page).context
        if "conversation" not in context:
            return [(each.text, each.icon) for each in context["history"].lines]
        events = [each.event for each in context["conversation"].entries]
        return [(each.text, each.icon) for each in events if each is not None]

    def undo(self, written: Sequence[WorkflowEvent]) -> None:
        with tampering():
            for event in written:
                event.delete()

    def assert_whole(self, text: str) -> None:
        """A sentence in which every word was filled in."""
        self.assertRegex(text, r"^[A-Z].*\.$")
        self.assertNotRegex(text, r"%\(|None|  |“”")

    def test_each_tone_has_a_colour(self) -> None:
        styles = "".join(
            path.read_text(encoding="utf-8")
            for app in ("project", "tickets", "workflows")
            for path in (Path(settings.BASE_DIR) / app).rglob("*.css")
        )
        for tone in Tone:
            if tone is not Tone.PLAIN:
                self.assertIn(f".tone-{tone}", styles)

    def test_a_kind_that_a_newer_program_has_written(self) -> None:
        self.write("BEYOND", Example(), of_task=True)
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[self.ticket.pk]))
        self.assertEqual(page.context["conversation"].entries[-1].event.text, "BEYOND")
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=[self.ticket.pk]))
        self.assertNotContains(page, "BEYOND")
        with self.assertRaises(HistoryError):  # the doctor says so
            replay(WorkflowEvent.objects.filter(kind="BEYOND"))


class TimeTests(SmallWorkflow, CompanyTestCase):
    """What stops the time of a task or begins it anew: for its timers, and for replays."""

    def test_a_timer_that_was_set_before_counts_or_not(self) -> None:
        self.make_workflow()
        task = self.current(self.submit())
        began = timezone.now()
        for kind in all_kinds():
            with self.subTest(kind):
                event = WorkflowEvent.objects.create(
                    workflow_instance_id=task.workflow_instance_id,
                    kind=kind,
                    at=began + timedelta(minutes=1),
                )
                ends = kind.rules.time in (TaskTime.STOPS, TaskTime.BEGINS)
                self.assertIs(is_current_wait(task, began), not ends)
                with tampering():
                    event.delete()

    def test_the_time_that_a_replay_measures(self) -> None:
        begin, middle, end = NOON, NOON + timedelta(days=1), NOON + timedelta(days=3)
        spans = {
            TaskTime.GOES_ON: [(begin, end)],
            TaskTime.STOPS: [(begin, middle)],
            TaskTime.BEGINS: [(begin, middle), (middle, end)],
            TaskTime.BEGINS_IF_STOPPED: [(begin, end)],
        }
        for kind in all_kinds():
            with self.subTest(kind):
                event = replay_visits._Event(7, kind, middle, "")
                found = list(replay_visits._spans([event], begin, end))
                self.assertEqual(found, spans[kind.rules.time])

    def test_after_a_stop_it_runs_again_where_a_kind_begins_it(self) -> None:
        begins = (TaskTime.BEGINS, TaskTime.BEGINS_IF_STOPPED)
        end = NOON + timedelta(days=3)
        for kind in all_kinds():
            with self.subTest(kind):
                stop = replay_visits._Event(7, "HELD", NOON, "")
                go_on = replay_visits._Event(7, kind, NOON + timedelta(days=1), "")
                found = list(replay_visits._spans([stop, go_on], NOON, end))
                again = [(go_on.at, end)] if kind.rules.time in begins else []
                self.assertEqual(found, [(NOON, NOON), *again])


def _modules() -> Iterator[Path]:
    """Those of the program; tests may list kinds."""
    for app in ("project", "tenants", "workflows", "tickets"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            if "tests" not in path.parts:
                yield path


def _imported_kinds(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(events.__name__):
            yield from (each.name for each in node.names)
