"""How an archive is refused that holds what no archive has: one sentence, whatever it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DataError, IntegrityError
from django.utils.translation import gettext as _

from tickets.company_data.archive import PEOPLE, shown
from tickets.company_data.errors import UnreadableArchiveError

log = logging.getLogger(__name__)


def refused(where: str) -> UnreadableArchiveError:
    return UnreadableArchiveError(
        _("“%(where)s” in the archive holds what no archive has. Nothing was restored.")
        % {"where": where[:100]}
    )


@contextmanager
def refusing_what_fails() -> Iterator[None]:
    """Whoever made the archive may have put anything anywhere: whatever that breaks is an archive
    that is refused, and no job that comes again and again. The log says what it was."""
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise UnreadableArchiveError(
            _("The database refuses what is in the archive: %(reason)s Nothing was restored.")
            % {"reason": shown(str(error).splitlines()[0][:300])}
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        log.exception("An archive could not be restored.")
        raise UnreadableArchiveError(
            _("The archive holds what no archive has. Nothing was restored.")
        ) from error


class refusing:  # noqa: N801 - it reads like suppress
    """Turns these errors into that of an archive that holds what is refused."""

    def __init__(self, *errors: type[Exception]) -> None:
        self._errors = errors

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._errors):
            raise refused(PEOPLE) from error
