"""Names that look alike are one name. The one place that says which do, and how a name is kept.

What is compared are keys: in compatibility form (Unicode's NFKC), so that “①” is “1” and a
full-width letter is the ordinary one; without what nobody sees; with blanks of every kind as one;
and without regard to case. The database, bundles, workbooks, lists that are uploaded and forms
all ask here. Letters of different scripts stay different, however much they look alike.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# How long they may be: names of people, companies, company roles and files, titles of workflows,
# tasks, ticket types and tickets, labels. Tables, forms, files and scripts follow.
LONGEST_NAME: Final = 255
# Blanks that Unicode counts among the letters and symbols.
_SHOWN_AS_BLANK: Final = "\u2800\u3164\uffa0"
# Unicode's Default_Ignorable_Code_Point, control characters that are no blanks, and code points
# that stand for no character.
_JOINERS: Final = "\u200c\u200d"
_SHAPING: Final = _JOINERS + (
    "\u034f\u115f\u1160\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
)
_NEVER_SEEN: Final = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
_AS_BLANK: Final = re.compile(f"[{_SHOWN_AS_BLANK}\\t-\\r\\x1c-\\x1f\\x85\\u2028\\u2029]")
_INVISIBLE: Final = re.compile(f"[{_NEVER_SEEN}]")
_INVISIBLE_OR_SHAPING: Final = re.compile(f"[{_NEVER_SEEN}{_SHAPING}]")
# What shapes its neighbours, where it has none: at an end, or beside a blank.
_LOOSE: Final = re.compile(f"(?<!\\S)[{_SHAPING}]+|[{_JOINERS}]+(?!\\S)")


def name_key(text: str) -> str:
    """What two names have in common that look alike; empty where there is nothing to be seen."""
    text = _INVISIBLE_OR_SHAPING.sub("", _AS_BLANK.sub(" ", text))
    folded = _folded(text)
    while folded != text:  # folding one letter may make another that folds
        text, folded = folded, _folded(folded)
    return " ".join(text.split())


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def plain_name(text: str) -> str:
    """A name as it is kept and shown: as it was typed, without what nobody sees.

    In composed form (NFC), on one line, without blanks at its ends. What joins letters or picks
    their shape stays where it does so: Persian and emoji need it. Empty where nothing is seen.
    """
    text = _INVISIBLE.sub("", _AS_BLANK.sub(" ", text))
    text = unicodedata.normalize("NFC", _LOOSE.sub("", text).strip())
    return text if name_key(text) else ""


def plain_email(text: str) -> str:
    """An e-mail address as it is kept, so that it finds one mailbox, however it was typed.

    What is kept is what mail is sent to, so that nobody gets the mail of an address that only
    looks like theirs. Letters such as ß stay: a domain with “ss” in its place is another one.
    """
    text = _INVISIBLE_OR_SHAPING.sub("", _AS_BLANK.sub(" ", text)).strip()
    lowered = _lowered(text)
    while lowered != text:
        text, lowered = lowered, _lowered(lowered)
    return text.strip()


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
