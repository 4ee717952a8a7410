"""`/metrics`: figures for Prometheus. Without the token (METRICS_TOKEN) it is not there.

They are those of the whole installation, whichever process is asked. No label names a company or
a person: figures are kept for long, and told to others.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from tenants.connection import use_public
from tenants.fair_turns import Queue
from tenants.observing.metrics import BOUNDS, flush, read

PREFIX: Final = "ticketflower_"
BEARER: Final = "Bearer "
NOT_THERE: Final = "Not found.\n"
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

COUNTED: Final = "SELECT name, labels, value FROM public.tenants_figure ORDER BY name, labels"
# A job that is due at once has no time of its own: its first event has.
QUEUES: Final = """
SELECT job.queue_name, job.status::text, count(*),
       max(EXTRACT(EPOCH FROM now() - coalesce(job.scheduled_at, event.at)))
           FILTER (WHERE job.status = 'todo'
                     AND (job.scheduled_at IS NULL OR job.scheduled_at <= now()))
  FROM public.procrastinate_jobs AS job
  LEFT JOIN LATERAL (
       SELECT at FROM public.procrastinate_events
        WHERE job_id = job.id AND job.scheduled_at IS NULL AND job.status = 'todo'
        ORDER BY id LIMIT 1) AS event ON true
 GROUP BY 1, 2
"""
WORKERS: Final = """
SELECT count(*) FROM public.procrastinate_workers
 WHERE last_heartbeat >= now() - make_interval(secs => %s)
"""
CONNECTIONS: Final = """
SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity
 WHERE datname = current_database() GROUP BY 1
"""
MOST_CONNECTIONS: Final = "SELECT setting::float8 FROM pg_settings WHERE name = 'max_connections'"
COMPANIES: Final = "SELECT is_active, count(*) FROM public.tenants_company GROUP BY 1"

COUNTERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "requests": ("Requests that Django answered.", ("method", "status")),
    "edge_refusals": ("Requests that never reached Django, and why.", ("reason",)),
    "refusals": ("What was refused, by the name of the refusal in the code.", ("reason",)),
    "jobs": ("Jobs that ended or are tried again.", ("queue", "kind", "outcome")),
}
DURATIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "request_seconds": ("How long Django took for a request.", ("view",)),
    "job_seconds": ("How long a job took.", ("kind",)),
}
STATUSES: Final = ("todo", "doing", "succeeded", "failed", "cancelled", "aborted")

type Counted = dict[str, dict[tuple[str, ...], float]]


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as text, or 404."""
    if not _is_allowed(request):
        return _text(NOT_THERE, 404)
    registry = CollectorRegistry(auto_describe=False)
    try:
        use_public()
        flush()
        registry.register(_Figures())
        content = generate_latest(registry)
    except Error:
        return _text("The database cannot be asked.\n", 503)
    return HttpResponse(content, content_type=CONTENT_TYPE_LATEST, headers=HEADERS)


def _is_allowed(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if not token or not given.startswith(BEARER):
        return False
    return hmac.compare_digest(given.removeprefix(BEARER).encode(), token.encode())


def _text(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain", headers=HEADERS)


class _Figures(Collector):
    """Asks the database when it is asked."""

    def collect(self) -> Iterator[Metric]:
        with connection.cursor() as cursor:
            yield from _counted(_rows(cursor, COUNTED))
            yield from _queues(_rows(cursor, QUEUES))
            [(alive,)] = _rows(cursor, WORKERS, [settings.WORKER_LOST_SECONDS])
            yield GaugeMetricFamily(
                f"{PREFIX}workers_alive", "Workers that were heard of lately.", value=alive
            )
            yield _gauges(
                "database_connections",
                "Connections to the database, of everybody.",
                "state",
                {_word(state): number for state, number in _rows(cursor, CONNECTIONS)},
            )
            [(most,)] = _rows(cursor, MOST_CONNECTIONS)
            yield GaugeMetricFamily(
                f"{PREFIX}database_connections_most",
                "How many connections the server takes.",
                value=most,
            )
            yield _gauges(
                "companies",
                "Companies, by whether they are switched on.",
                "active",
                {str(is_on).lower(): number for is_on, number in _rows(cursor, COMPANIES)},
            )


def _rows(cursor: Any, query: str, arguments: Iterable[object] = ()) -> list[tuple[Any, ...]]:
    cursor.execute(query, list(arguments))
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _counted(rows: Iterable[tuple[str, str, float]]) -> Iterator[Metric]:
    """What the processes have counted; zero rows make a family without samples."""
    found: Counted = defaultdict(dict)
    buckets: dict[str, dict[tuple[str, ...], dict[str, float]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for name, written, value in rows:
        labels = read(written)
        duration = name.removesuffix("_bucket")
        if duration in DURATIONS and name != duration:
            key = _values(labels, DURATIONS[duration][1])
            buckets[duration][key][labels.get("le", "")] = value
            continue
        _help, names = COUNTERS.get(name) or DURATIONS.get(name.removesuffix("_sum"), ("", ()))
        found[name][_values(labels, names)] = value
    for name, (text, names) in COUNTERS.items():
        family = CounterMetricFamily(PREFIX + name, text, labels=names)
        for key, value in found[name].items():
            family.add_metric(key, value)
        yield family
    for name, (text, names) in DURATIONS.items():
        histogram = HistogramMetricFamily(PREFIX + name, text, labels=names)
        for key, counts in buckets[name].items():
            histogram.add_metric(key, _cumulative(counts), found[f"{name}_sum"].get(key, 0.0))
        yield histogram


def _values(labels: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in names)


def _cumulative(counts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Each bucket with all that are below it, as Prometheus wants them."""
    total, cumulative = 0.0, []
    for bound in (*map(str, BOUNDS), "+Inf"):
        total += counts.get(bound, 0.0)
        cumulative.append((bound, total))
    return cumulative


def _queues(rows: list[tuple[str, str, int, float | None]]) -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        f"{PREFIX}queue_jobs", "Jobs in the queue.", labels=("queue", "status")
    )
    waits = dict.fromkeys((queue.value for queue in Queue), 0.0)
    for queue, status, number, waited in rows:
        depth.add_metric((queue, _word(status)), number)
        waits[queue] = max(waits.get(queue, 0.0), float(waited or 0))
    yield depth
    yield _gauges(
        "queue_oldest_due_seconds",
        "For how long the oldest job that is due has waited.",
        "queue",
        waits,
    )


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family


def _word(text: str) -> str:
    return text.replace(" ", "_").replace("(", "").replace(")", "")
