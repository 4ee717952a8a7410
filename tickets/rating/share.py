from __future__ import annotations


def share_of_good(good: int, bad: int) -> int | None:
    """How many of a hundred are satisfied; None where nobody has said anything."""
    total = good + bad
    return None if not total else round(100 * good / total)
