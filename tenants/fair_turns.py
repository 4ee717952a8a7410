"""Which job is next: companies take turns, and each kind of work has slots of its own.

The queue of the library is one line for everybody: whoever puts in three thousand jobs lets all
others wait behind them, and calls that hang hold the steps of tickets up. So a worker has slots for
each kind of work, of which one company has at most its share; free slots go to the company that has
the fewest jobs running there, by lot where several have the same, and within a company to its
oldest job. A job that a dead worker left goes before everything else.

`ticketflower_fetch_job` (a function of the database, made by a migration) decides; it looks at all
that is due while that is little, and at the first jobs of each company when it is much, so that its
cost grows with the number of companies that wait and not with that of their jobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from procrastinate.jobs import Job
from procrastinate.manager import JobManager


class Queue(StrEnum):
    """The kinds of work. Names of queues stand in the database."""

    STEPS = "steps"  # of tickets: what somebody waits for. The first: what is unknown goes there.
    # Of the queue itself, and looking which companies have something to do: periodic jobs, and none
    # about a single company, whose work may take long.
    UPKEEP = "upkeep"
    MAILS = "mails"  # that wait in an outbox, and notices
    CALLS = "calls"  # to other systems, which may hang
    WEBHOOKS = "webhooks"  # to addresses that companies choose, which may hang, too
    MODEL = "model"  # a language model, which takes minutes to answer
    BULK = "bulk"  # imports, many repairs at once, cleaning up


@dataclass(frozen=True, slots=True)
class Slots:
    """How many jobs of a kind a worker runs at once, and how many of them one company's may be."""

    number: int
    share: int


# A worker's. Calls spend their time waiting: many at once cost little.
SLOTS: Final[dict[Queue, Slots]] = {
    Queue.STEPS: Slots(4, 3),
    Queue.UPKEEP: Slots(2, 2),
    Queue.MAILS: Slots(4, 2),
    Queue.CALLS: Slots(12, 4),
    # Apart from calls, for which tickets wait: an address that is dead holds up webhooks alone.
    Queue.WEBHOOKS: Slots(8, 2),
    # Apart from calls, too: some companies that describe much would hold up everybody's tickets.
    Queue.MODEL: Slots(4, 1),
    Queue.BULK: Slots(2, 1),
}
# Of a job that was left by a worker which died.
RECOVERED: Final = 1

FETCH: Final = """
SELECT id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name,
       attempts, worker_id
  FROM ticketflower_fetch_job(
       %(queues)s::varchar[], %(worker_id)s, %(kinds)s::varchar[], %(slots)s, %(shares)s)
"""


def concurrency() -> int:
    """How many jobs a worker runs at once, of all kinds."""
    return sum(slots.number for slots in SLOTS.values())


class FairJobManager(JobManager):
    """Fetches the job whose turn it is."""

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        row = await self.connector.execute_query_one_async(
            query=FETCH,
            queues=None if queues is None else list(queues),
            worker_id=worker_id,
            kinds=[queue.value for queue in SLOTS],
            slots=[slots.number for slots in SLOTS.values()],
            shares=[slots.share for slots in SLOTS.values()],
        )
        return None if row["id"] is None else Job.from_row(row)
