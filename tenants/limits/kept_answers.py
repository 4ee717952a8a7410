"""How many answers are kept in a day for those who may send their request again.

They stand in one table of all companies, and each costs room there for a day. So an owner of tokens
and a company have so many each, and so many bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from tenants.errors import KeysUsedUpError
from tenants.limits.rates import count_what_fits, counted_of_each
from tenants.limits.table import DAY, HOUR

# On the average: an answer names what was made, and is short.
BYTES_EACH: Final = 4 * 1024
_KIND: Final = "kept answers"
_ANY: Final = 2**31 - 1


def ensure_room_for_answer(*, owner_id: int, schema: str) -> None:
    """Before something new is done whose answer would be kept. One query; nothing is counted.

    Raises:
        KeysUsedUpError
    """
    most = _most(owner_id, schema)
    counted = counted_of_each(_KIND, most, seconds=DAY)
    if any(counted[who] >= most[who] for who in most):
        raise KeysUsedUpError(HOUR)


def count_kept_answer(*, owner_id: int, schema: str, size: int) -> None:
    """Count an answer that was kept, of so many bytes. One statement.

    The last one of its transaction: whoever else has one counted waits for its end.
    """
    person, company = _names(owner_id, schema)
    numbers = {f"{each} answers": 1 for each in (person, company)}
    numbers |= {f"{each} bytes": size for each in (person, company)}
    count_what_fits(_KIND, numbers, most=_ANY, seconds=DAY)


def _most(owner_id: int, schema: str) -> Mapping[str, int]:
    person, company = _names(owner_id, schema)
    of_person = int(settings.TOKEN_KEPT_ANSWERS_A_DAY)
    of_company = int(settings.COMPANY_MOST_KEPT_ANSWERS_A_DAY)
    return {
        f"{person} answers": of_person,
        f"{person} bytes": of_person * BYTES_EACH,
        f"{company} answers": of_company,
        f"{company} bytes": of_company * BYTES_EACH,
    }


def _names(owner_id: int, schema: str) -> tuple[str, str]:
    return f"person {owner_id}", f"company {schema}"
