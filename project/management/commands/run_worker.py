from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from project.observing.jobs import say_job
from tenants import metrics
from tenants.connection import limit_waiting
from tenants.fair_turns import FairJobManager, concurrency


class Command(BaseCommand):
    """The worker, with the options that our jobs need."""

    help = "Runs background jobs until it is stopped: calls to other systems, safety nets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until-idle", action="store_true", help="End when the queue is empty."
        )

    def handle(self, *args: Any, until_idle: bool, **options: Any) -> None:
        limit_waiting(
            lock_seconds=settings.WORKER_LOCK_SECONDS,
            statement_seconds=settings.WORKER_STATEMENT_SECONDS,
        )
        metrics.start()
        connector = app.connector
        if not isinstance(connector, DjangoConnector):
            raise TypeError("The worker's connector has been replaced already.")

        async def work() -> None:
            threads = ThreadPoolExecutor(concurrency(), thread_name_prefix="job")
            asyncio.get_running_loop().set_default_executor(threads)
            async with worker_app.open_async():
                await worker_app.run_worker_async(
                    concurrency=concurrency(),
                    wait=not until_idle,
                    # A job that is retried, or that another one's lock held back, starts at the
                    # next poll only.
                    fetch_job_polling_interval=0.5,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=30,
                    update_heartbeat_interval=settings.WORKER_HEARTBEAT_SECONDS,
                    stalled_worker_timeout=settings.WORKER_LOST_SECONDS,
                    worker_middleware=[say_job],
                )

        with app.replace_connector(connector.get_worker_connector()) as worker_app:
            worker_app.job_manager = FairJobManager(worker_app.connector)
            asyncio.run(work(), loop_factory=_loop_factory())


def _loop_factory() -> Any:
    # psycopg cannot use the event loop that is Windows' default.
    return asyncio.SelectorEventLoop if sys.platform == "win32" else None
