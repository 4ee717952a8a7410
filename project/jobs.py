"""Jobs that look after the queue itself."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from tenants.account.log_ins import forget_ended_sessions
from tenants.api.once import forget_answers
from tenants.connecting.connect import forget_codes
from tenants.fair_turns import RECOVERED, Queue
from tenants.jobs import PATIENT
from tenants.limits import table as limits

REQUEUE = "project.jobs.requeue_stalled"


logger = logging.getLogger(__name__)


# Every ten seconds: the sixth field is that of the seconds.
@app.periodic(cron="* * * * * */10")
@app.task(name=REQUEUE, pass_context=True, queue=Queue.UPKEEP)
async def requeue_stalled(context: JobContext, timestamp: int) -> None:
    """Put the jobs of workers that died back into the queue; nothing else ever would.

    A worker that is killed leaves its job `doing`. Every job is safe to repeat, this one beside
    another of its kind, too. A job of this kind itself is dropped: the next one comes in a moment.
    """
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=settings.WORKER_LOST_SECONDS):
        logger.warning("Requeue job %s (%s): its worker is gone", job.id, job.task_name)
        try:
            if job.task_name == REQUEUE and job.id is not None:
                await jobs.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)
            else:
                await jobs.retry_job(job, priority=RECOVERED)
        except ConnectorException as error:
            # It has ended meanwhile, or somebody was quicker. What is left comes again in a moment.
            logger.warning("Job %s is not requeued: %s", job.id, type(error.__cause__).__name__)


@app.periodic(cron="*/10 * * * *")
@app.task(name="tickets.jobs.forget_old_counts", retry=PATIENT, queue=Queue.UPKEEP)
def forget_old_counts(timestamp: int) -> None:
    """Delete counts of requests and attempts that count no more, and sessions that have ended,
    answers that are not kept any more, and codes of programs that nobody exchanged."""
    close_old_connections()
    limits.forget()
    forget_ended_sessions()
    forget_answers()
    forget_codes(now=timezone.now())
