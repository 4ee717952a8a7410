"""How a line of the log is written: as text for people, or as JSON (LOG_FORMAT=json).

Django's settings and granian's (`granian_logging.json`) both use it, so it knows neither.

A line as JSON has `time` (UTC), `level`, `logger`, `message`, `program`, and what the context knows
(tenants/observing/log_context.py). It holds no personal data by construction: of a library's
message only what stands in its code, and of an error its type and its place. What an error says is
left out, unless Python has made it of names in the code: a database repeats what somebody typed.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tenants.observing.log_context import facts, in_context, note_reason

# Whose messages say nothing that somebody typed.
OURS: Final = ("project", "tenants", "tickets", "workflows", "_granian", "procrastinate")
# What these say names code, not data.
NAMING_CODE: Final = (
    AttributeError,
    ImportError,
    NameError,
    NotImplementedError,
    RecursionError,
    ZeroDivisionError,
)
ENDS_OF_JOBS: Final = frozenset({"job_error", "job_error_retry", "job_aborted", "job_success"})
MOST_FRAMES: Final = 40


class JsonFormatter(logging.Formatter):
    """A line for each record. Unknown things become text, so that no line is ever lost."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        super().__init__()
        self._program = _program()

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "program": self._program,
            **facts(),
            **getattr(record, "facts", {}),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = list(_described(error))
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """What people read on a terminal."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        request = facts().get("request")
        text = super().format(record)
        return f"{text} [{request}]" if request and record.exc_info else text


class RefusalFilter(logging.Filter):
    """Keeps back Django's own lines about what was refused: the line of the request says it.

    They repeat what was typed, some with a traceback. What goes wrong in a page stays, with its
    traceback. Outside of a request everything does. What the queue's library says about the end
    of a job our own line says, too (project/observing/jobs.py).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "action", "") in ENDS_OF_JOBS:
            return False
        if not in_context():
            return True
        if record.name.startswith("django.security."):
            note_reason(record.name.removeprefix("django.security."))
            return False
        if record.name != "django.request":
            return True
        if not record.exc_info or getattr(record, "status_code", 500) != 500:
            return False
        record.msg, record.args = "The request failed", ()
        return True


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] not in OURS:
        return str(record.msg)
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # its values do not fit
        return str(record.msg)


def error_name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _described(error: BaseException) -> Iterator[dict[str, Any]]:
    """The error and what it came from, the first cause last."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        described: dict[str, Any] = {"type": error_name(current)}
        if isinstance(current, NAMING_CODE):
            described["text"] = str(current)[:500]
        if state := getattr(current, "sqlstate", None):
            described["sqlstate"] = state
        described["at"] = _frames(current)
        yield described
        cause = current.__cause__
        current = cause or (None if current.__suppress_context__ else current.__context__)


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(path: str) -> str:
    """Without where it is installed."""
    parts = Path(path).parts
    here = Path(__file__).resolve().parent.parent.parent
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    try:
        return Path(path).resolve().relative_to(here).as_posix()
    except ValueError:
        return Path(path).name


def _program() -> str:
    """`web`, or the management command that runs."""
    started = Path(sys.argv[0]).name if sys.argv else ""
    if started == "manage.py" and len(sys.argv) > 1:
        return "worker" if sys.argv[1] == "run_worker" else sys.argv[1]
    return "web" if "granian" in " ".join(sys.argv[:1]) or started == "-m" else started


def logging_settings(*, style: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. `style` is that of the lines: `text` or `json`."""
    formatter = JsonFormatter if style == "json" else TextFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "filters": {"refusals": {"()": RefusalFilter}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["refusals"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django's own handlers would say everything a second time where details are shown.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "httpx": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},
        },
    }
