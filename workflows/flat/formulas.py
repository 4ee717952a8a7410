"""Texts of a .csv file that no spreadsheet program takes for formulas.

A program takes what begins with “=” for a formula, in whichever cell it finds it. Which cell that
is, the program decides: a file with commas that is opened with semicolons, as half of Europe's
programs do, has new cells in the midst of its texts, quoted or not. So each place is escaped at
which a cell could begin: the beginning of a text, and what follows a separator or a line's end.
`unescape_formulas` gives exactly the text that was escaped.
"""

from __future__ import annotations

import re
from typing import Final

_SIGNS: Final = "=+\\-@＝＋－＠﹦﹢﹣﹫"  # noqa: RUF001
_SEPARATORS: Final = ",;|\\t-\\r\\x1c-\\x1e\\x85\\u2028\\u2029"
# What programs may skip before they look: quotes, blanks and what nobody sees.
_SKIPPED: Final = (
    "[\"' \\x00-\\x08\\x0e-\\x1b\\x1f\\x7f-\\x84\\x86-\\xa0\\xad\\u1680\\u2000-\\u200f"
    "\\u202a-\\u202f\\u205f-\\u206f\\u3000\\ufeff]*"
)
_FORMULA: Final = f"(?={_SKIPPED}[{_SIGNS}])"
_AT_BEGINNING: Final = re.compile(f"(?='*[\\t\\r\\n])|{_FORMULA}")
_INSIDE: Final = re.compile(f"(?<=[{_SEPARATORS}]){_FORMULA}")
_ESCAPED_INSIDE: Final = re.compile(f"(?<=[{_SEPARATORS}])''{_FORMULA}")


def escape_formulas(text: str) -> str:
    """The text with an apostrophe before what would be a formula, and two of them inside it.

    One at the beginning, as spreadsheet programs have it themselves. Inside, one alone is how
    people quote, and could not be told from an escape when the file comes back.
    """
    found = _INSIDE.sub("''", text)
    return f"'{found}" if _AT_BEGINNING.match(text) else found


def unescape_formulas(text: str) -> str:
    """The text as it was before `escape_formulas`; one that was not escaped stays."""
    if text.startswith("'") and _AT_BEGINNING.match(text[1:]):
        text = text[1:]
    return _ESCAPED_INSIDE.sub("", text)
