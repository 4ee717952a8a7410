"""A process of the storm: `worker`, or `people SEED CHANGES MOST_TICKETS`; see `dying`."""

from __future__ import annotations

import random
import sys
import time

import django
from django.core.management import call_command

from tickets.tests.crash.dying import die_at_commit, note


def people(seed: int, changes: int, most_tickets: int) -> None:
    """Submit tickets and complete tasks, through the services."""
    from django_tenants.utils import schema_context

    from tenants.models import User
    from tickets.models import TicketDefinition
    from tickets.services import complete_task, submit_ticket
    from tickets.tests.crash.storm import open_forms, wants_to_submit
    from workflows.errors import WorkflowsError

    chance = random.Random(seed)
    with schema_context("acme"):
        for number in range(changes):
            forms = open_forms()
            if wants_to_submit(chance, forms, most=most_tickets):
                title = f"{seed}.{number}"
                submit_ticket(
                    definition=TicketDefinition.objects.active().get(),
                    data={"amount": chance.randrange(100)},
                    user=User.objects.get(email="uma@acme.example"),
                    title=title,
                )
                note(f"submitted {title}")
                continue
            if not forms:
                time.sleep(0.1)
                continue
            task = chance.choice(forms)
            assert task.assigned_to is not None
            try:
                complete_task(
                    task=task, output={"again": chance.random() < 0.25}, user=task.assigned_to
                )
            except WorkflowsError:  # somebody else was quicker
                continue
            note(f"completed {task.pk}")


def main(role: str, *arguments: str) -> None:
    django.setup()
    die_at_commit(role)
    if role == "worker":
        call_command("run_worker")
    else:
        people(*map(int, arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
