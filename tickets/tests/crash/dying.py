"""A process that kills itself at a commit: only ever in the processes of these tests.

`CRASH_AT` says where: `before 3` before its third commit; `after 3` when that is committed but
nothing has followed it, no on_commit and no answer; `never` it only notes its commits; empty not
even that. `CRASH_JOURNAL` is a file in which the processes note what they did, `CRASH_NAME` what
it calls this one.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import psutil
from django.db.backends.base.base import BaseDatabaseWrapper

from tickets.tests.crash.journal import Journal

# The services that a commit is counted for.
STEPS = (
    "submit_ticket",
    "complete_task",
    "finish_task_by_hand",
    "advance_ticket",
    "run_action",
    "receive_callback",
    "expire_call",
    "fire_timer",
    "remind",
    "end_wait",
    "withdraw_ticket",
    "cancel_ticket",
    "hold_ticket",
    "resume_ticket",
    "retry_step",
    "reassign_task",
    "correct_ticket_data",
    "move_tickets",
    "hand_over",
    "take_over",
    "claim_task",
    "release_task",
    "ask_requester",
    "write_message",
    "go_on_without_answer",
    "follow_subticket",
    "continue_bulk_retry",
)


def note(line: str) -> None:
    Journal(Path(os.environ["CRASH_JOURNAL"])).note(line)


def die_at_commit(who: str) -> None:
    """Have this process, which is ready for its work now, killed where CRASH_AT says.

    `who` is what the journal calls it then.
    """
    note(f"ready {os.environ['CRASH_NAME']}")
    where, _space, number = os.environ.get("CRASH_AT", "").partition(" ")
    if not where:
        return
    counted = itertools.count(1)
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def commit_or_die(self: BaseDatabaseWrapper) -> None:
        if where == "never":
            note(f"commits {os.environ['CRASH_NAME']} {step_here()}")
        is_the_one = str(next(counted)) == number
        if is_the_one and where == "before":
            _die(f"died {who} before {step_here()}")
        commit(self)
        if is_the_one:
            _die(f"died {who} after {step_here()}")

    BaseDatabaseWrapper._commit = commit_or_die  # type: ignore[attr-defined]


def step_here() -> str:
    """Which service commits here, and which function of it: `run_action._begin`.

    Of two that stand on the stack, as advance_ticket on submit_ticket, the inner one.
    """
    frame, function = sys._getframe(1), ""
    while frame.f_back is not None:
        frame = frame.f_back
        name = frame.f_code.co_name
        if name in STEPS:
            return f"{name}.{function}" if function else name
        if not function and str(frame.f_globals.get("__name__")).startswith("tickets."):
            function = name
    return "something else"


def _die(line: str) -> None:
    note(line)
    psutil.Process().kill()
    # The signal may take a moment to come, in which nothing may happen any more.
    os._exit(137)
