"""What scenes are made of: what a process is told, how it is prepared, and the workflow."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import use_company
from tenants.models import Company, User
from tenants.testing_tools.waits import PATIENCE
from tickets.calling.run_action import run_action
from tickets.job_names import RUN_ACTION
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.crash.installation import log_in
from tickets.tests.crash.made_up_process import bundle, form
from tickets.tests.crash.moody_system import MoodySystem
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.models import ActionAttempt, TaskInstance, TicketDefinition

LONG = 2 * PATIENCE  # seconds, of a timeout that shall not pass


@dataclass(frozen=True)
class Order:
    """What a process is to do: see `child.carry_out`. `answer` is what a callback brings: whoever
    sends it, or a form, sends it again. `is_repeated`: who has seen nothing come of it does it
    once more; `afterwards` somebody does this to the same task, whatever has come of it."""

    do: str
    arguments: tuple[Json, ...]
    answer: Json = None
    is_repeated: bool = False
    afterwards: str = ""


@dataclass
class Stage:
    """What scenes are prepared with. `publish` takes a bundle."""

    publish: Callable[[JsonObject], None]
    submitter: User
    ticket_admin: User
    system: MoodySystem
    queues: int = 0
    sessions: dict[int, str] = field(default_factory=dict)

    def form(self, address: str, values: dict[str, Json], *, of: User) -> Order:
        """A web server shall take a form."""
        if of.pk not in self.sessions:
            self.sessions[of.pk] = log_in(of)
            use_company(Company.objects.get(pk=of.company_id))
        return Order("take a form", (address, values, self.sessions[of.pk]))

    def submit(self, key: str, title: str) -> Ticket:
        definition = TicketDefinition.objects.active().get(key=key)
        data: JsonObject = {"amount": 7}
        return submit_ticket(definition=definition, data=data, user=self.submitter, title=title)

    def work_off(self, job: ProcrastinateJob) -> Order:
        """A worker shall take this job, now, and no other."""
        self.queues += 1
        queue = f"scene-{self.queues}"
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET queue_name = %s, scheduled_at = now() WHERE id = %s",
                [queue, job.pk],
            )
        return Order("work off", (queue,))

    def make_call(self, ticket: Ticket) -> ActionAttempt:
        """As a worker that nobody kills."""
        job = job_of(ticket, RUN_ACTION)
        task = task_of(ticket)
        run_action(ticket_id=ticket.pk, task_id=task.pk, job_id=job.pk)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job.pk])
        return ActionAttempt.objects.get(task=task)

    def answer_of(self, task: TaskInstance) -> Json:
        return {"document": f"D-{self.system.documents[str(task.uuid)]}"}


def task_of(ticket: Ticket) -> TaskInstance:
    task = Ticket.objects.get(pk=ticket.pk).workflow_instance
    assert task is not None
    assert task.current_task is not None
    return task.current_task


def job_of(ticket: Ticket, name: str) -> ProcrastinateJob:
    jobs = ProcrastinateJob.objects.filter(task_name=name, status="todo")
    job: ProcrastinateJob = jobs.get(args__contains={"ticket_id": ticket.pk})
    return job


@dataclass(frozen=True)
class Scene:
    """`tasks` are done one after the other, then a form. `prepare` is given the ticket type's
    key and the ticket's title. `fails`: the ticket has an error in the end; `may_fail`: it has
    one where the process has died. `apart` are tasks that only `transitions` lead to; `cancels`:
    the ticket is cancelled in the end."""

    name: str
    tasks: list[Json]
    prepare: Callable[[Stage, str, str], Order]
    fails: bool = False
    may_fail: bool = False
    transitions: list[JsonObject] = field(default_factory=list)
    apart: list[Json] = field(default_factory=list)
    cancels: bool = False

    @property
    def key(self) -> str:
        return re.sub("[^a-z]+", "_", self.name)

    @property
    def document(self) -> JsonObject:
        return self.called(self.key)

    def called(self, title: str) -> JsonObject:
        """The document with this title of its workflow."""
        tasks = [*self.tasks, form("last")]
        on_main_path = [each for each in objects_in(tasks) if "branch" not in each]
        keys = ["start", *(str(each["key"]) for each in on_main_path), "end"]
        chain: list[JsonObject] = [
            {"from": source, "to": target, "priority": 9}
            for source, target in itertools.pairwise(keys)
        ]
        made = bundle(self.key, [*tasks, *self.apart], chain + self.transitions)
        return made | {"workflow": {**objects_in([made["workflow"]])[0], "title": title}}
