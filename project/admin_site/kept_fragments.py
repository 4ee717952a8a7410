"""Parts of the frame around every page that are the same for many requests: rendered once.

What is kept is found by all that it was made from, and made from nothing else: the template sees
neither the request nor the person nor the company, only what stands in the key. So whoever is shown
a part that was kept would have been shown the same if it had been made for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.template import engines
from django.utils.functional import Promise
from django.utils.safestring import SafeData, SafeString, mark_safe
from django.utils.translation import get_language, override

# Sections of the sidebar, with and without what is marked, in each language: some kB each.
MOST_KEPT = 1_000

type Fixed = str | bool | tuple[Fixed, ...] | _Values | None


@dataclass(frozen=True, slots=True)
class _Values:
    """A mapping as it can be compared, which templates read by name."""

    pairs: tuple[tuple[str, Fixed], ...]

    def __getitem__(self, name: str) -> Fixed:
        for known, value in self.pairs:
            if known == name:
                return value
        raise KeyError(name)


class NotFixedError(TypeError):
    """A value that may not stand in a key: it says nothing for sure of what a template shows."""


def kept_fragment(template_name: str, values: Mapping[str, object]) -> SafeString:
    """The template, rendered from these values and the language alone.

    Values are texts, true, false, None, and lists and mappings of those.

    Raises:
        NotFixedError: there is another one.
    """
    fixed = tuple((name, _fixed(value)) for name, value in values.items())
    return _rendered(template_name, get_language() or "", fixed)


@lru_cache(maxsize=MOST_KEPT)
def _rendered(
    template_name: str, language: str, values: tuple[tuple[str, Fixed], ...]
) -> SafeString:
    # Nothing but what the key says is at hand here.
    with override(language or None):
        text = engines["django"].get_template(template_name).render(dict(values))
    return mark_safe(text)  # noqa: S308  # nosec B308 B703 - a template has rendered it


def _fixed(value: object) -> Fixed:
    """As it can be compared: two that are equal are shown the same."""
    if isinstance(value, Promise):
        value = str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and not isinstance(value, SafeData):
        # One that is safe equals one that is not, and is shown otherwise.
        return value
    if isinstance(value, Mapping):
        return _Values(tuple((str(name), _fixed(each)) for name, each in value.items()))
    if isinstance(value, list | tuple):
        return tuple(_fixed(each) for each in value)
    raise NotFixedError(f"{type(value).__name__} may not stand in a fragment that is kept.")
