"""What is wrong with the database, where the request that met it can do nothing about it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum, auto

from django.db import Error, InterfaceError, OperationalError
from psycopg import errors


class Trouble(StrEnum):
    """Why the database did not do what was asked. Nothing of it is saved."""

    BUSY = auto()  # somebody else was in the way for too long, or it took too long itself
    READ_ONLY = auto()  # it takes no changes for now
    AWAY = auto()  # it cannot be reached


BUSY = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.TooManyConnections,
    errors.IdleInTransactionSessionTimeout,
)


def trouble_of(error: BaseException) -> Trouble | None:
    """What an error says of the database; None where it says something else."""
    for each in _with_causes(error):
        if isinstance(each, BUSY):
            return Trouble.BUSY
        if isinstance(each, errors.ReadOnlySqlTransaction):
            return Trouble.READ_ONLY
        if isinstance(each, OperationalError | InterfaceError):
            # Django's own, of what psycopg says; its cause is looked at first.
            return _trouble_of_cause(each) or Trouble.AWAY
    return None


def _trouble_of_cause(error: Error) -> Trouble | None:
    return None if error.__cause__ is None else trouble_of(error.__cause__)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__
