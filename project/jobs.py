"""Jobs that look after the queue itself."""

from __future__ import annotations

import logging

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app

logger = logging.getLogger(__name__)


# Every ten seconds: the sixth field is that of the seconds.
@app.periodic(cron="* * * * * */10")
@app.task(name="project.jobs.requeue_stalled", pass_context=True, queueing_lock="requeue_stalled")
async def requeue_stalled(context: JobContext, timestamp: int) -> None:
    """Put the jobs of workers that died back into the queue; nothing else ever would.

    A worker that is killed leaves its job `doing`. Every job is safe to repeat.
    """
    for job in await context.app.job_manager.get_stalled_jobs(
        seconds_since_heartbeat=settings.WORKER_LOST_SECONDS
    ):
        logger.warning("Requeue job %s (%s): its worker is gone", job.id, job.task_name)
        await context.app.job_manager.retry_job(job)
