"""A test that does not end fails, and says where it stood: the others go on.

Without that one endless loop takes the whole run with it, and nobody learns which test it was.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

from tenants.testing_tools.examples import is_long_run

# Far more than any test takes, on a busy machine, too; some of a long run go on for long by design.
SECONDS = 15 * 60
SECONDS_OF_LONG_RUN = 60 * 60


class TooSlowError(AssertionError):
    pass


def begin_limit() -> None:
    """Fail what this thread does when all its time has passed, until `end_limit`.

    Does nothing where there are no such signals (on Windows), and beside the main thread.
    """
    if _can_be_limited():
        signal.signal(signal.SIGALRM, _fail)
        seconds = SECONDS_OF_LONG_RUN if is_long_run() else SECONDS
        signal.setitimer(signal.ITIMER_REAL, seconds)


def end_limit() -> None:
    if _can_be_limited():
        signal.setitimer(signal.ITIMER_REAL, 0)


def _can_be_limited() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


def _fail(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError("It did not end in time: the lines above say where it stood.")
