"""What the pool asks in one statement is what `candidates_of` says of each task by itself."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import ClassVar

from tenants.models import User
from tenants.testing_tools.examples import is_long_run
from tickets.models import Ticket
from tickets.working.tests.test_given_by_rule import RuleCase
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.running.events.of_repairs.version_changed import VERSION_CHANGED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.people.candidates import candidates_of
from workflows.running.people.candidates_in_sql import for_person

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
EARLIER = ("approve", "finance", "director")


class RulesInSqlTests(RuleCase):
    """Tickets with random histories, at a task with a random rule."""

    random: ClassVar[random.Random]
    people: ClassVar[list[User]]
    older: ClassVar[WorkflowDefinition]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.random = random.Random(20261130)
        cls.people = [cls.uma, cls.wendy, cls.walt, cls.dora]
        cls.older = WorkflowDefinition.objects.create(key="purchase-2", title="Older", version=2)
        for key in ("okay", *EARLIER[1:]):
            TaskDefinition.objects.create(workflow=cls.older, key=key, title=key)

    def _rule(self) -> JsonObject:
        one = self.random.choice(
            [
                {},
                {"who": "requester"},
                {"who": "manager"},
                {"who": "answer", "answer": "ticket.buyer"},
                {"who": "person", "email": self.random.choice(self.people).email.upper()},
                {"who": "doer", "task": self.random.choice(EARLIER)},
                {"who": "doer", "task": self.random.choice(EARLIER)},
            ]
        )
        rule: JsonObject = dict[str, Json](one)
        if rule and self.random.random() < 0.5:
            rule["fallback"] = self.random.choice(["role", "everybody"])
        never: list[Json] = [
            each for each in ("requester", "tasks.approve", "tasks.finance")
            if self.random.random() < 0.25
        ]  # fmt: skip
        if never:
            rule["never"] = never
        return rule

    def _ticket(self, at: TaskDefinition) -> TaskInstance:
        instance = WorkflowInstance.objects.create(workflow=self.workflow)
        instance.start(now=NOON)
        instance.save()
        data: JsonObject = {"amount": 1}
        if self.random.random() < 0.7:
            person = self.random.choice(self.people)
            data["buyer"] = {"id": person.pk, "email": person.email, "name": str(person)}
        Ticket.objects.create(
            title="Paper", definition=self.type, workflow=self.workflow, data=data,
            workflow_instance=instance, created_by=self.random.choice(self.people),
        )  # fmt: skip
        was_moved = self.random.random() < 0.3
        for key in self.random.choices(EARLIER, k=self.random.randrange(5)):
            version, named = self.workflow, key
            if was_moved:
                version, named = self.older, "okay" if key == "approve" else key
            self._visit(instance, version.tasks.get(key=named))
        if was_moved:
            WorkflowEvent.objects.create(
                workflow_instance=instance, kind=VERSION_CHANGED, at=NOON,
                data={"from": 2, "to": self.workflow.version, "renamed": {"okay": "approve"}},
            )  # fmt: skip
            for key in self.random.choices(EARLIER, k=self.random.randrange(2)):
                self._visit(instance, self.workflow.tasks.get(key=key))
        return TaskInstance.objects.create(workflow_instance=instance, definition=at)

    def _visit(self, instance: WorkflowInstance, definition: TaskDefinition) -> None:
        status = self.random.choice([TaskStatus.COMPLETED] * 3 + [TaskStatus.CANCELLED])
        task = TaskInstance(workflow_instance=instance, definition=definition)
        if (person := self._somebody()) is not None:
            task.assign(to=person, now=NOON)
        elif status == TaskStatus.COMPLETED:
            task.start(now=NOON)
        if status == TaskStatus.COMPLETED:
            task.complete(output={"ok": True}, now=NOON)
        else:
            task.cancel(now=NOON)
        task.save()
        if status == TaskStatus.COMPLETED:
            WorkflowEvent.objects.create(
                workflow_instance=instance, task_instance=task, kind=TASK_COMPLETED, at=NOON,
                actor=self._somebody() or person, data={"output": {"ok": True}},
            )  # fmt: skip

    def _somebody(self) -> User | None:
        return self.random.choice([*self.people, None])

    def test_both_say_the_same_of_whoever_asks(self) -> None:
        found = TaskDefinition.objects.get(workflow=self.workflow, key="file")
        definitions = []
        for number in range(100 if is_long_run() else 20):
            role = self.random.choice([None, self.finance])
            made = TaskDefinition(
                workflow=self.workflow, key=f"f{number}", title=f"File {number}",
                fields=found.fields, candidate_role=role, assign_to=self._rule() or None,
            )  # fmt: skip
            made.save()
            definitions.append(made)
        tasks = [self._ticket(each) for each in definitions for _time in range(3)]
        waiting = TaskInstance.objects.filter(pk__in=[each.pk for each in tasks])
        for person in self.people:
            in_sql = set(for_person(person, waiting).values_list("pk", flat=True))
            for task in tasks:
                candidates = candidates_of(task)
                # Whoever only stands in takes it over; the pool is not asked.
                stands_in = candidates.stands_in == person
                with self.subTest(rule=task.definition.assign_to, person=person):
                    self.assertEqual(
                        task.pk in in_sql, candidates.may_have(person) and not stands_in
                    )
