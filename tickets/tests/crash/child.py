"""A process of these tests; see `dying`.

`worker`; `people SEED CHANGES MOST_TICKETS`; `nursery`, which bears a process for each order that
it reads (see `nursery.py`); `order ORDER`, which carries out one.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import traceback
from importlib import import_module
from typing import Any
from unittest import mock

import django
from django.core.management import call_command
from procrastinate import App

from tickets.tests.crash.dying import die_at_commit, note

RETRY_SHARE = 0.15


def people(seed: int, changes: int, most_tickets: int) -> None:
    """Submit tickets, complete tasks and retry what failed, through the services."""
    from django_tenants.utils import schema_context

    from tickets.errors import TicketsError
    from tickets.tests.crash.answers import answer_to, changes_in
    from tickets.tests.crash.storm import (
        DUE_SHARE,
        let_a_start_be_due,
        open_forms,
        wants_to_submit,
    )
    from tickets.working.complete_task import complete_task
    from workflows.errors import WorkflowsError

    chance = random.Random(seed)
    with schema_context("acme"):
        for number in range(changes):
            if chance.random() < RETRY_SHARE:
                retry_an_error(chance)
            if chance.random() < DUE_SHARE:
                let_a_start_be_due()
            forms = open_forms()
            if wants_to_submit(chance, forms, most=most_tickets):
                submit(f"{seed}.{number}", amount=chance.randrange(100))
                continue
            if not forms:
                time.sleep(0.1)
                continue
            task = chance.choice(forms)
            assert task.assigned_to is not None
            try:
                complete_task(
                    task=task,
                    output=answer_to(task, again=chance.random() < 0.25),
                    changes=changes_in(task),
                    user=task.assigned_to,
                )
            except (TicketsError, WorkflowsError):  # somebody else was quicker
                continue
            note(f"completed {task.pk}")


def retry_an_error(chance: random.Random) -> None:
    """As terry, where there is one."""
    from tenants.models import User
    from tickets.errors import TicketsError
    from tickets.models import TicketError
    from tickets.repairing.retry_step import retry_step
    from workflows.errors import WorkflowsError

    errors = list(TicketError.objects.unresolved())
    if not errors:
        return
    error = chance.choice(errors)
    terry = User.objects.get(email="terry@acme.example")
    try:
        retry_step(error=error, by=terry, reason="It may work now.")
    except (TicketsError, WorkflowsError):  # somebody else was quicker
        return
    note(f"retried {error.pk}")


def submit(title: str, *, amount: int, key: str = "") -> None:
    """As uma, a ticket of this type (empty: of the made-up one)."""
    from tenants.models import User
    from tickets.submitting.submit_ticket import submit_ticket
    from tickets.tests.crash.storm import offered_type
    from workflows.models import TicketDefinition

    submit_ticket(
        definition=TicketDefinition.objects.active().get(key=key) if key else offered_type(),
        data={"amount": amount},
        user=User.objects.get(email="uma@acme.example"),
        title=title,
    )
    note(f"submitted {title}")


def complete(task_id: int) -> None:
    from tickets.tests.crash.answers import answer_to, changes_in
    from tickets.working.complete_task import complete_task
    from tickets.working.errors import CompletionFailedError
    from workflows.models import TaskInstance

    tasks = TaskInstance.objects.select_related("assigned_to", "definition")
    task = tasks.get(pk=task_id)
    assert task.assigned_to is not None
    try:
        complete_task(
            task=task, output=answer_to(task), changes=changes_in(task), user=task.assigned_to
        )
    except CompletionFailedError:  # the database refuses it: it is kept
        return
    note(f"completed {task_id}")


def finish_by_hand(task_id: int) -> None:
    from tenants.models import User
    from tickets.repairing.finish_task import finish_task_by_hand
    from workflows.models import TaskInstance

    finish_task_by_hand(
        task=TaskInstance.objects.get(pk=task_id),
        output={"again": False},
        by=User.objects.get(email="terry@acme.example"),
        reason="She is away.",
    )
    note(f"completed {task_id}")


def work_off(queue: str) -> None:
    """Be a worker that takes the jobs of this queue only, and ends when there are none."""
    run_worker: Any = App.run_worker_async

    async def run_worker_of_queue(self: App, **options: Any) -> None:
        await run_worker(self, **{**options, "queues": [queue]})

    App.run_worker_async = run_worker_of_queue  # type: ignore[method-assign]
    call_command("run_worker", until_idle=True)


def answer(address: str, body: Any) -> None:
    """Be a web server that takes one answer at a callback address."""
    from django.test import Client

    path = address.partition("//")[2].partition("/")[2]
    browser = Client(SERVER_NAME="127.0.0.1")
    reply = browser.post(f"/{path}", body, content_type="application/json")
    # Taken; or nothing that could be taken.
    assert reply.status_code in (200, 422), reply.content


def take_form(address: str, values: dict[str, str], session: str) -> None:
    """Be a web server that takes one form."""
    from django.conf import settings
    from django.test import Client

    browser = Client(SERVER_NAME="127.0.0.1")
    browser.cookies[settings.SESSION_COOKIE_NAME] = session
    assert browser.post(address, values).status_code == 302


def carry_out(order: dict[str, Any]) -> None:
    """An order is {environment: {...}, do: a word, with: [arguments]}."""
    from django_tenants.utils import schema_context

    os.environ.update(order["environment"])
    die_at_commit("process")
    arguments = order["with"]
    if order["do"] == "work off":
        work_off(*arguments)
    elif order["do"] == "answer":
        answer(*arguments)
    elif order["do"] == "take a form":
        take_form(*arguments)
    else:
        if order["do"].startswith("stumble"):
            stumble()
        with schema_context("acme"):
            if order["do"].endswith("submit"):
                key, title = arguments
                submit(title, amount=7, key=key)
            elif order["do"] == "finish by hand":
                finish_by_hand(*arguments)
            elif order["do"] == "serve":
                from tickets.tests.crash.serving import serve

                serve(*arguments)
            else:
                complete(*arguments)


def stumble() -> None:
    """Have the step fail that is taken together with what somebody submits or completes."""
    for name in ("tickets.submitting.submit_ticket", "tickets.working.complete_task"):
        module: Any = import_module(name)
        module.take_step = mock.Mock(side_effect=RuntimeError("It stumbles."))


def nursery() -> None:
    """Bear a process for each order of standard input; answers with how it ended.

    What takes long, all the imports, is done once where a process can be forked.
    """
    from django.conf import settings

    import_module(settings.ROOT_URLCONF)
    for line in sys.stdin:
        sys.stdout.write(f"{_bear(line)}\n")
        sys.stdout.flush()


def _bear(line: str) -> int:
    if sys.platform == "win32":
        command = [sys.executable, "-m", "tickets.tests.crash.child", "order", line]
        return subprocess.run(command, check=False).returncode
    pid = os.fork()
    if pid == 0:
        try:
            carry_out(json.loads(line))
        except BaseException:  # this is not the nursery, and may not return to its loop
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(role: str, *arguments: str) -> None:
    django.setup()
    from tickets.tests.crash.quick_time import hurry, quick_minutes

    if os.environ.get("CRASH_HURRY"):
        hurry()
    with quick_minutes():
        if role == "nursery":
            nursery()
        elif role == "order":
            carry_out(json.loads(arguments[0]))
        else:
            die_at_commit(role)
            if role == "worker":
                call_command("run_worker")
            else:
                people(*map(int, arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
