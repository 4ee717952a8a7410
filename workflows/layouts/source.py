"""What can be told of the source of a layout without running it."""

from __future__ import annotations

import re
from typing import Final

# As whoever writes one names what is shown. A comment may say it, too: it is a hint, no proof.
_DEFAULT: Final = re.compile(r"\bexport\s+default\b|\bas\s+default\b|\bexports\s*\.\s*default\b")


def exports_component(source: str) -> bool:
    """Whether something in it may be the component that is shown."""
    return _DEFAULT.search(source) is not None
