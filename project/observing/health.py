"""Whether this process lives, and whether TicketFlower can work: for load balancers and people.

Both, and the figures at /metrics, answer before any other middleware: without a session, a company
or a host name, and also while the database is away. None says anything about a company.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from project.observing.metrics import metrics
from tenants.connection import use_public
from tenants.migrating.versions import count_companies, is_public_up_to_date

logger = logging.getLogger(__name__)

type Check = dict[str, bool | float | None]

# A job that has been due for longer: the workers do not keep up, or hang.
MAX_WAIT_SECONDS: Final = 300.0

# How long ago a worker was last heard of, and since when the oldest due job waits.
QUEUE = """
SELECT
    EXTRACT(EPOCH FROM now() - (SELECT max(last_heartbeat) FROM public.procrastinate_workers)),
    EXTRACT(EPOCH FROM now() - LEAST(
        (SELECT min(scheduled_at) FROM public.procrastinate_jobs
          WHERE status = 'todo' AND scheduled_at <= now()),
        (SELECT min(at) FROM public.procrastinate_events WHERE job_id = (
            SELECT min(id) FROM public.procrastinate_jobs
             WHERE status = 'todo' AND scheduled_at IS NULL))
    ))
"""


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers: 200. It asks nobody else, not even the database."""
    return _answer(200, {"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where the work gets done, else 503; `checks` says what is missing.

    The database is reachable, what companies share has every migration and at least one company
    has (none may be there yet), a worker was seen within WORKER_LOST_SECONDS, and no job that is
    due waits for longer than MAX_WAIT_SECONDS. How many companies are behind is told beside it:
    the others can work.
    """
    checks = _checks()
    ready = all(check["ok"] for check in checks.values())
    status = "ok" if ready else "unavailable"
    return _answer(200 if ready else 503, {"status": status, "checks": checks})


def _answer(status: int, content: Mapping[str, object]) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return JsonResponse(content, status=status, headers=headers)


def _checks() -> dict[str, Check]:
    try:
        use_public()
        migrations = _migrations()
        if not migrations["ok"]:
            return {"database": {"ok": True}, "migrations": migrations}
        with connection.cursor() as cursor:
            cursor.execute(QUEUE)
            seen, waiting = (
                None if each is None else round(max(float(each), 0.0), 1)
                for each in cursor.fetchone()
            )
    except Error as error:  # what it says may name hosts and users
        logger.warning("The database cannot be asked: %s", type(error).__name__)
        return {"database": {"ok": False}}
    return {
        "database": {"ok": True},
        "migrations": migrations,
        "worker": {
            "ok": seen is not None and seen <= settings.WORKER_LOST_SECONDS,
            "seen_seconds_ago": seen,
        },
        "queue": {
            "ok": waiting is None or waiting <= MAX_WAIT_SECONDS,
            "oldest_waiting_seconds": waiting,
        },
    }


def _migrations() -> Check:
    if not is_public_up_to_date():
        return {"ok": False}
    up_to_date, behind = count_companies()
    return {"ok": bool(up_to_date or not behind), "companies_behind": behind}


ADDRESSES: Mapping[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


class HealthMiddleware:
    """Answers these addresses before anything else has a say; only the log stands before it.

    The edge answers /healthz by itself; whoever starts Django without it asks here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = ADDRESSES.get(request.path_info)
        return self.get_response(request) if view is None else view(request)
