"""What somebody has written in a reply, without what their mail program has quoted below it.

Line by line, so that its cost grows with the text and no further. (A library for this was tried,
mail-parser-reply: 6,000 empty lines keep its expressions busy for 15 seconds.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# In characters: a longer line introduces nothing.
_LONGEST: Final = 300
# Lines over which the line that introduces a quotation is broken.
_MOST_LINES: Final = 4
_QUOTED: Final = re.compile(r"\s{0,3}[>|]")
# “On 3 May 2026, at 10:00, Uma wrote:”, “Am 03.05.2026 um 10:00 schrieb Uma <...>:”
_BEGINS: Final = re.compile(r"\s{0,3}(?:On|Am|Den|Le|Il|El|Op)\s")
_ENDS: Final = re.compile(r"(?:wrote|writes|schrieb|geschrieben)\b[^:]{0,200}:\s*$")
_SEPARATOR: Final = re.compile(
    r"\s{0,3}[-_=]{2,40}\s{0,3}(?:Original Message|Original Appointment|Forwarded message|"
    r"Urspr\u00fcngliche (?:Nachricht|E-?Mail)|Original-?nachricht|Weitergeleitete Nachricht)"
    r"\s{0,3}[-_=]{2,40}\s*$",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"\s{0,3}_{20,}\s*$")
_FROM: Final = re.compile(r"\s{0,3}\*?(?:From|Von)\s?:\*?\s?\S", re.IGNORECASE)
_ABOUT: Final = re.compile(
    r"\s{0,3}\*?(?:Sent|Date|To|Subject|Cc|Gesendet|Datum|An|Betreff)\s?:\*?(?:\s|$)", re.IGNORECASE
)
_SIGNATURE: Final = re.compile(r"-- ?$")
_SENT_BY: Final = re.compile(
    r"\s{0,3}(?:Sent from my |Sent from Outlook|Sent from Mail |Get Outlook for |Gesendet mit |"
    r"Gesendet von |Von meinem .{1,40} gesendet|Diese Nachricht wurde von meinem )",
    re.IGNORECASE,
)


def cut_quotations(text: str) -> str:
    """The text without quotations, what introduces them, and the signature below it.

    Where somebody has answered between the lines of what they quote, their own lines remain. A
    quotation that stands above everything is no program's, and stays.
    """
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    kept: list[str] = []
    is_introduced, number = False, 0
    while number < len(lines):
        if _begins_the_rest(lines, number):
            break
        if length := _introduction(lines, number):
            is_introduced = True
            number += length
            continue
        kept.append(lines[number])
        number += 1
    if is_introduced:
        kept = [line for line in kept if not _QUOTED.match(line)]
    return "\n".join(_without_the_end(kept)).strip("\n").strip()


def _begins_the_rest(lines: Sequence[str], number: int) -> bool:
    """Whether all from this line on is what is answered to."""
    line = lines[number]
    if len(line) > _LONGEST:
        return False
    if _SEPARATOR.match(line):
        return True
    start = number + 1 if _RULE.match(line) else number
    following = [each for each in lines[start : start + 8] if each.strip()]
    if not following or not _FROM.match(following[0]):
        return False
    return sum(1 for each in following[1:6] if _ABOUT.match(each)) >= 2


def _introduction(lines: Sequence[str], number: int) -> int:
    """How many lines from this one on introduce a quotation; 0: it does not.

    It names a day, and a quotation follows, or nothing.
    """
    if len(lines[number]) > _LONGEST or not _BEGINS.match(lines[number]):
        return 0
    for length in range(1, _MOST_LINES + 1):
        part = " ".join(each[:_LONGEST] for each in lines[number : number + length])
        if not lines[number : number + length][-1].strip():
            return 0
        if _ENDS.search(part) and any(map(str.isdigit, part)):
            rest = lines[number + length : number + length + 3]
            following = next((each for each in rest if each.strip()), "")
            is_last = not following and number + length + 3 >= len(lines)
            return length if is_last or _QUOTED.match(following) else 0
    return 0


def _without_the_end(lines: list[str]) -> list[str]:
    """Without the signature, what a telephone adds, and quotations at the end."""
    for number, line in enumerate(lines):
        if number and _SIGNATURE.fullmatch(line):
            lines = lines[:number]
            break
    has_own = any(line.strip() and not _QUOTED.match(line) for line in lines)
    end = len(lines)
    while end and (
        not lines[end - 1].strip()
        or (has_own and _QUOTED.match(lines[end - 1]))
        or (len(lines[end - 1]) <= _LONGEST and _SENT_BY.match(lines[end - 1]))
    ):
        end -= 1
    return lines[:end]
