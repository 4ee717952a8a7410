"""A process dies right before and right after every commit of every step of a ticket.

In a usual run each function that commits is met once so; in a long one every commit of every scene.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator

import httpx
from django.test import override_settings, tag

from tenants.models import User
from tenants.testing_tools.examples import is_long_run
from tenants.testing_tools.waits import deadline
from tickets.models import Ticket
from tickets.tests.crash.crash_case import QUICK, CrashCase
from tickets.tests.crash.dying import STEPS
from tickets.tests.crash.installation import Installation
from tickets.tests.crash.made_up_process import APPROVERS
from tickets.tests.crash.moody_system import MoodySystem
from tickets.tests.crash.nursery import Nursery
from tickets.tests.crash.scenes import INNER, REFUSING_TABLE, SCENES
from tickets.tests.crash.stage import Order, Scene, Stage
from tickets.tests.refusals import allow
from workflows.models import WorkflowEvent, WorkflowStatus
from workflows.running.events.kind import all_kinds

SURVIVES = "never"
# Another attempt at a call that was lost calls again.
REPEATED = [kind for kind in all_kinds() if kind.rules.is_of_attempt]


@tag("processes")
class EveryCommitTests(CrashCase):
    def setUp(self) -> None:
        super().setUp()
        self.died_at: set[tuple[str, str]] = set()

    def test_whoever_dies_at_a_commit_leaves_nothing_lost_stuck_or_done_twice(self) -> None:
        self.addCleanup(allow, REFUSING_TABLE)
        self.publish(INNER)
        for scene in SCENES:
            self.publish(scene.document)
        with (
            self.installed(1, QUICK) as (site, system),
            override_settings(PUBLIC_URL=site.url, ACTION_CONNECT_TO=system.connect_to),
        ):
            self.die_everywhere(site, system)
            self.recover(site, system)
            for scene in SCENES:
                self.assert_outcome(scene)
            died = {each.split()[-1].partition(".")[0] for each in site.journal.notes("died")}
        self.print_summary()
        self.assertEqual(set(STEPS) - died, set())

    def die_everywhere(self, site: Installation, system: MoodySystem) -> None:
        """Each scene once to its end, to learn its commits; then with a death at each."""
        stage = Stage(self.publish, self.uma, self.terry, system)
        web = site.start_web()
        try:
            with Nursery(site) as nursery:
                for scene in SCENES:
                    name, survived = self.play(scene, stage, nursery, site, at=SURVIVES)
                    self.assertTrue(survived, f"{scene.name}: see {site.folder}")
                    steps = site.journal.notes(f"commits {name}")
                    for at in self.deaths(steps):
                        name, survived = self.play(scene, stage, nursery, site, at=at)
                        self.assertFalse(survived, f"{scene.name} {at}: see {site.folder}")
        finally:
            web.kill()

    def deaths(self, steps: list[str]) -> Iterator[str]:
        """Where to die in a scene with these steps: `before 1`, `after 1`, …

        In a long run at every commit. Else where no scene has died yet: at each function that
        commits once before and once after it.
        """
        for number, step in enumerate(steps, 1):
            for where in ("before", "after"):
                is_new = (where, step) not in self.died_at
                self.died_at.add((where, step))
                if is_new or is_long_run():
                    yield f"{where} {number}"

    def play(
        self, scene: Scene, stage: Stage, nursery: Nursery, site: Installation, *, at: str
    ) -> tuple[str, bool]:
        """Prepare a scene and have a process play it; its name, and whether it has survived.

        What it was sent is sent again: where it had no answer, or by a second click.
        """
        order = scene.prepare(stage, scene.key, f"{scene.name}: {at}")
        name, survived = nursery.bear(order.do, *order.arguments, at=at)
        if order.do == "take a form":
            self.send_again(order, site)
        if order.is_repeated and not survived:
            nursery.bear(order.do, *order.arguments, at="")
        if order.afterwards:
            nursery.bear(order.do, order.afterwards, *order.arguments[1:], at="")
        if order.answer is not None:
            stage.system.send_back(str(order.arguments[0]), order.answer)
        # Who was away in this scene.
        User.objects.filter(email__in=APPROVERS).update(is_available=True, deputy=None)
        return name, survived

    def send_again(self, order: Order, site: Installation) -> None:
        address, values, session = order.arguments
        assert isinstance(values, dict)
        form = {name: str(value) for name, value in values.items()}
        until = deadline()
        with httpx.Client(timeout=10) as browser:
            while time.monotonic() < until:
                try:
                    answer = site.send(browser, str(address), form, session=str(session))
                except httpx.TransportError:  # the web server is starting
                    time.sleep(0.1)
                    continue
                self.assertLess(answer.status_code, 500)
                return
        self.fail(f"No web server answers: see {site.folder}")

    def assert_outcome(self, scene: Scene) -> None:
        """It is the same whether somebody died or not; nobody is told or written to twice."""
        histories: defaultdict[str, list[str]] = defaultdict(list)
        events = WorkflowEvent.objects.filter(workflow_instance__ticket__definition__key=scene.key)
        for title, kind in events.exclude(kind__in=REPEATED).values_list(
            "workflow_instance__ticket__title", "kind"
        ):
            histories[title].append(kind)
        undisturbed = histories[f"{scene.name}: {SURVIVES}"]
        for ticket in Ticket.objects.filter(definition__key=scene.key):
            messages = [*ticket.messages.values_list("text", flat=True)]
            self.assertEqual(len(messages), len(set(messages)), f"{ticket.title}: {messages}")
            errors = ticket.errors.unresolved().count()
            end = WorkflowStatus.CANCELLED if scene.cancels else WorkflowStatus.COMPLETED
            has_completed = ticket.status == end
            with self.subTest(ticket.title):
                if scene.may_fail and errors:
                    self.assertEqual((errors, has_completed), (1, False))
                    continue
                self.assertEqual((errors, has_completed), (int(scene.fails), not scene.fails))
                self.assertEqual(histories[ticket.title], undisturbed)
