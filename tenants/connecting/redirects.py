"""To which addresses an answer may be sent, and whether one is among those that a program named.

Compared letter by letter, as nothing else is safe (RFC 9700, 4.1.3). Of a program on the person's
own machine the port may differ: it takes whichever is free (RFC 8252, 7.3). Read by patterns that
say all of an address, not by a parser that might read it otherwise than the browser does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 500
# No blank, no backslash, no quotation mark, no fragment.
_LETTERS: Final = r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]"
_HTTPS: Final = re.compile(
    rf"https://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[0-9]{{1,5}})?(?:[/?]{_LETTERS}*)?"
)
_HERE: Final = re.compile(
    rf"http://(127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{{1,5}})?((?:[/?]{_LETTERS}*)?)"
)
_OWN: Final = re.compile(rf"([a-z][a-z0-9+.-]*):{_LETTERS}+")
# A scheme of one's own is a domain name turned round (RFC 8252, 7.1), but for these editors', which
# are older than that. What a browser itself understands (javascript:) has no dot.
_EDITORS: Final = frozenset({"cursor", "vscode", "vscode-insiders", "windsurf"})


def is_possible(uri: str) -> bool:
    """Whether an answer is ever sent to such an address."""
    if len(uri) > LONGEST:
        return False
    if _HTTPS.fullmatch(uri) or _HERE.fullmatch(uri):
        return True
    own = _OWN.fullmatch(uri)
    return own is not None and ("." in own[1] or own[1] in _EDITORS)


def is_among(uri: str, registered: Iterable[str]) -> bool:
    """Whether the answer may be sent there, by what the program says of itself."""
    return is_possible(uri) and any(_is_the_same(uri, each) for each in registered)


def _is_the_same(uri: str, registered: str) -> bool:
    if uri == registered:
        return True
    wanted, known = _HERE.fullmatch(uri), _HERE.fullmatch(registered)
    return wanted is not None and known is not None and wanted.groups() == known.groups()


def is_on_own_machine(uri: str) -> bool:
    """Whether the answer goes to the machine of the person, where any program may take it."""
    return _HTTPS.fullmatch(uri) is None


def place_of(uri: str) -> str:
    """Where an answer goes, for people: the host, or the scheme."""
    for pattern in (_HTTPS, _HERE, _OWN):
        if found := pattern.fullmatch(uri):
            return found[1]
    return ""
