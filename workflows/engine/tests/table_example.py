"""For tests: a decision table of 14 rules over 5 inputs, and 40 probes with the row of each."""

from __future__ import annotations

from typing import Any

COUNTRIES = ["de", "at", "ch", "other"]
INPUTS: list[dict[str, Any]] = [
    {"name": "country", "label": "Country", "value": {"var": "ticket.country"}},
    {"name": "weight", "label": "Weight", "value": {"var": "ticket.weight"}, "type": "number"},
    {"name": "express", "label": "Express", "value": {"var": "ticket.express"}, "type": "boolean"},
    {"name": "worth", "label": "Value", "value": {"var": "ticket.worth"}, "type": "number"},
    {"name": "wanted", "label": "Wanted by", "value": {"var": "ticket.wanted"}, "type": "date"},
]
OUTPUTS: list[dict[str, Any]] = [
    {"name": "carrier", "label": "Carrier"},
    {"name": "price", "label": "Price", "type": "number"},
]
ROWS: list[tuple[list[Any], list[Any], str]] = [
    (["de", "<= 5", "yes", "", ""], ["Courier", 19.9], ""),
    (["de", "<= 5", "no", "<= 500", ""], ["Letter", 4.9], ""),
    (["de", "<= 5", "no", "> 500", ""], ["Insured parcel", 9.9], "Insured from 500 on"),
    (["de", "(5..31.5]", "no", "", ""], ["Parcel", 12.49], ""),
    (["de", "(5..31.5]", "yes", "", ""], ["Courier", 29.9], ""),
    (["de", "> 31.5", "", "", ">= 2027-12-20"], ["Forwarder", 99], "Before Christmas"),
    (["de", "> 31.5", "", "", "< 2027-12-20"], ["Forwarder", 79], ""),
    (["at, ch", "<= 31.5", "no", "<= 1000", ""], ["Parcel abroad", 24.9], ""),
    (["at, ch", "<= 31.5", "no", "> 1000", ""], ["Insured abroad", 34.9], ""),
    (["at, ch", "<= 31.5", "yes", "", ""], ["Courier abroad", 59], ""),
    (["at", "> 31.5", "", "", ""], ["Forwarder", 120], ""),
    (["ch", "> 31.5", "", "", ""], ["Forwarder", 180], "With customs"),
    (["not de, at, ch", "", "", "<= 5000", ""], ["Forwarder", 250], ""),
    (["not de, at, ch", "", "", "> 5000", ""], ["Ask the management", 0], ""),
]
# Country, weight, express, value, wanted by; and the row.
PROBES: list[tuple[str, float, bool, float, str, int]] = [
    ("de", 0.1, True, 0, "2027-01-01", 1),
    ("de", 5, True, 9999.99, "2027-12-31", 1),
    ("de", 4.999, True, 500, "2027-06-01", 1),
    ("de", 0.1, False, 0, "2027-01-01", 2),
    ("de", 5, False, 500, "2027-01-01", 2),
    ("de", 3, False, 499.99, "2027-12-24", 2),
    ("de", 5, False, 500.01, "2027-01-01", 3),
    ("de", 1, False, 20000, "2027-01-01", 3),
    ("de", 5.001, False, 1, "2027-01-01", 4),
    ("de", 31.5, False, 1, "2027-01-01", 4),
    ("de", 19.99, False, 7000, "2027-12-24", 4),
    ("de", 5.01, True, 1, "2027-01-01", 5),
    ("de", 31.5, True, 1, "2027-01-01", 5),
    ("de", 31.51, True, 1, "2027-12-20", 6),
    ("de", 800, False, 1, "2027-12-31", 6),
    ("de", 31.501, False, 1, "2027-12-21", 6),
    ("de", 31.51, False, 1, "2027-12-19", 7),
    ("de", 800, True, 1, "2026-12-31", 7),
    ("de", 100, True, 1, "2027-01-01", 7),
    ("at", 31.5, False, 1000, "2027-01-01", 8),
    ("ch", 0.5, False, 0, "2027-01-01", 8),
    ("at", 12, False, 999.99, "2027-12-24", 8),
    ("ch", 31.5, False, 1000.01, "2027-01-01", 9),
    ("at", 0.1, False, 5000, "2027-01-01", 9),
    ("at", 31.5, True, 1, "2027-01-01", 10),
    ("ch", 31.5, True, 5001, "2027-01-01", 10),
    ("ch", 2, True, 0, "2027-12-24", 10),
    ("at", 31.51, True, 1, "2027-01-01", 11),
    ("at", 500, False, 9000, "2027-12-24", 11),
    ("at", 31.501, False, 0, "2027-01-01", 11),
    ("ch", 31.51, True, 1, "2027-01-01", 12),
    ("ch", 500, False, 9000, "2027-12-24", 12),
    ("ch", 900, True, 0, "2027-01-01", 12),
    ("other", 0.1, True, 5000, "2027-01-01", 13),
    ("other", 31.5, False, 0, "2027-01-01", 13),
    ("other", 900, False, 4999.99, "2027-12-24", 13),
    ("other", 5, True, 1, "2027-01-01", 13),
    ("other", 0.1, True, 5000.01, "2027-01-01", 14),
    ("other", 31.5, False, 100000, "2027-01-01", 14),
    ("other", 900, False, 5001, "2027-12-24", 14),
]
NAMES = ("country", "weight", "express", "worth", "wanted")


def table(**more: Any) -> dict[str, Any]:
    """The table, fresh each time."""
    rows = [
        {"when": [*when], "then": [*then], **({"note": note} if note else {})}
        for when, then, note in ROWS
    ]
    made = {"inputs": [{**e} for e in INPUTS], "outputs": [{**e} for e in OUTPUTS], "rows": rows}
    return {**made, **more}


def answers(probe: tuple[Any, ...]) -> dict[str, Any]:
    """What is submitted for a probe."""
    return dict(zip(NAMES, probe, strict=False))
