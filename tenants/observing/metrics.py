"""Figures for whoever runs the installation, counted by all its processes together.

A process adds up what happens in it, and every few seconds adds that to a table that all share:
web processes come and go, and a worker has no web server that could be asked. Without
METRICS_TOKEN nothing is counted. No label ever names a company or a person.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
from bisect import bisect_left
from collections import defaultdict
from typing import Final

from django.conf import settings
from django.db import Error, connection

logger = logging.getLogger(__name__)

# Seconds between two additions; a process that is killed takes with it what it has not added yet.
PAUSE: Final = 5.0
# Upper bounds (seconds) of a duration.
BOUNDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Different figures that one process keeps; what comes after them is left out.
MOST: Final = 5_000

ADD: Final = """
INSERT INTO public.tenants_figure AS known (name, labels, value)
SELECT * FROM unnest(%s::text[], %s::text[], %s::float8[]) AS more (name, labels, value)
ORDER BY 1, 2
ON CONFLICT (name, labels) DO UPDATE SET value = known.value + excluded.value
"""

type Key = tuple[str, str]


def count(name: str, **labels: str) -> None:
    """Count one event."""
    _figures.add({(name, written(labels)): 1.0})


def observe(name: str, seconds: float, **labels: str) -> None:
    """Add a duration: its sum, and the bucket that it falls into."""
    bucket = bisect_left(BOUNDS, seconds)
    bound = str(BOUNDS[bucket]) if bucket < len(BOUNDS) else "+Inf"
    _figures.add(
        {
            (f"{name}_sum", written(labels)): seconds,
            (f"{name}_bucket", written({**labels, "le": bound})): 1.0,
        }
    )


def written(labels: dict[str, str]) -> str:
    """As they stand in the table: `a=1&b=2`, sorted by name."""
    return "&".join(f"{name}={_plain(value)}" for name, value in sorted(labels.items()))


def read(text: str) -> dict[str, str]:
    """What `written` wrote."""
    return dict(part.split("=", 1) for part in text.split("&") if part)


def flush() -> None:
    """Add what this process has counted to what all have. Where that fails, it is kept."""
    _figures.flush()


def start() -> None:
    """Begin to hand over what is counted in this process, now and then, in a thread."""
    _figures.start()


def forget() -> None:
    """Throw away what is counted and not handed over: in tests."""
    _figures.forget()


def _plain(value: str) -> str:
    return value.replace("&", "_").replace("=", "_")


class _Figures:
    """What this process has counted, and the thread that hands it over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: defaultdict[Key, float] = defaultdict(float)
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def add(self, more: dict[Key, float]) -> None:
        if not settings.METRICS_TOKEN:
            return
        with self._lock:
            for key, value in more.items():
                if key in self._values or len(self._values) < MOST:
                    self._values[key] += value

    def start(self) -> None:
        if self._thread is None and settings.METRICS_TOKEN:
            self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
            self._thread.start()
            atexit.register(self.end)

    def forget(self) -> None:
        with self._lock:
            self._values.clear()

    def end(self) -> None:
        self._ended.set()
        with contextlib.suppress(Error):
            self.flush()
        connection.close()

    def flush(self) -> None:
        with self._lock:
            values, self._values = self._values, defaultdict(float)
        if not values:
            return
        names, labels = zip(*values, strict=True)
        try:
            with connection.cursor() as cursor:
                cursor.execute(ADD, [list(names), list(labels), list(values.values())])
        except Error:
            with self._lock:
                for key, value in values.items():
                    self._values[key] += value
            raise

    def _run(self) -> None:
        """On a connection of its own, which is closed in between."""
        while not self._ended.wait(PAUSE):
            try:
                self.flush()
            except Error as error:
                logger.warning("The figures could not be kept: %s", type(error).__name__)
            finally:
                connection.close()


_figures = _Figures()
