from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from project.observing.jobs import say_job
from project.serving.long_lived import freeze_what_is_loaded
from tenants.connection import limit_waiting
from tenants.database.lock_room import warn_of_lack_of_locks
from tenants.fair_turns import FairJobManager, concurrency
from tenants.observing import metrics
from tenants.wall.check import ensure_wall
from tenants.wall.pooler import SwappedConnectionError

logger = logging.getLogger(__name__)

# Seconds in which the jobs at hand may end; a container or service manager kills later.
END_WITHIN = 30


class Command(BaseCommand):
    """The worker, with the options that our jobs need."""

    help = "Runs background jobs until it is stopped: calls to other systems, safety nets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until-idle", action="store_true", help="End when the queue is empty."
        )
        parser.add_argument(
            "--end-within",
            type=int,
            default=END_WITHIN,
            help="How many seconds the jobs at hand get when it is stopped (30).",
        )

    def handle(self, *args: Any, until_idle: bool, end_within: int, **options: Any) -> None:
        limit_waiting(
            lock_seconds=settings.WORKER_LOCK_SECONDS,
            statement_seconds=settings.WORKER_STATEMENT_SECONDS,
        )
        try:
            ensure_wall()
            warn_of_lack_of_locks()
        except SwappedConnectionError as error:
            raise CommandError(str(error)) from error
        metrics.start()
        freeze_what_is_loaded()
        connector = app.connector
        if not isinstance(connector, DjangoConnector):
            raise TypeError("The worker's connector has been replaced already.")

        async def work() -> None:
            loop = asyncio.get_running_loop()
            threads = ThreadPoolExecutor(concurrency(), thread_name_prefix="job")
            loop.set_default_executor(threads)
            async with worker_app.open_async():
                working = asyncio.create_task(
                    worker_app.run_worker_async(
                        concurrency=concurrency(),
                        wait=not until_idle,
                        # A job that is retried, or that another one's lock held back, starts at
                        # the next poll only.
                        fetch_job_polling_interval=0.5,
                        delete_jobs="successful",
                        shutdown_graceful_timeout=end_within,
                        update_heartbeat_interval=settings.WORKER_HEARTBEAT_SECONDS,
                        stalled_worker_timeout=settings.WORKER_LOST_SECONDS,
                        worker_middleware=[say_job],
                        install_signal_handlers=False,
                    )
                )
                is_asked = asyncio.Event()
                _on_signals(loop, is_asked.set)
                asked = asyncio.create_task(is_asked.wait())
                await asyncio.wait((working, asked), return_when=asyncio.FIRST_COMPLETED)
                if is_asked.is_set():
                    _leave_at_the_latest(end_within)
                    working.cancel()  # it begins no other job, and waits for those at hand
                asked.cancel()
                await asyncio.gather(working, return_exceptions=is_asked.is_set())

        with app.replace_connector(connector.get_worker_connector()) as worker_app:
            worker_app.job_manager = FairJobManager(worker_app.connector)
            asyncio.run(work(), loop_factory=_loop_factory())


def _on_signals(loop: asyncio.AbstractEventLoop, ask: Callable[[], object]) -> None:
    """Ctrl-C, a polite kill, and what Windows has of them (the library does nothing there)."""

    def handle(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(ask)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handle)


def _leave_at_the_latest(seconds: int) -> None:
    """End the process where a job does not: a thread cannot be ended.

    Its job is given to another worker, as after a crash: every job may run twice.
    """
    logger.info("Ending: no job is begun any more; those at hand get %s seconds", seconds)

    def leave() -> None:
        logger.error("A job did not end in time: the worker leaves it to another one")
        logging.shutdown()
        os._exit(1)

    timer = threading.Timer(seconds + 3, leave)
    timer.daemon = True
    timer.start()


def _loop_factory() -> Any:
    # psycopg cannot use the event loop that is Windows' default.
    return asyncio.SelectorEventLoop if sys.platform == "win32" else None
