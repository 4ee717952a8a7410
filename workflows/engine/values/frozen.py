"""JSON that nobody can change: for values that several share.

A frozen object is a dict and a frozen array is a list, so that whatever reads JSON reads them as
before; only what changes them is refused. `copy.deepcopy` makes one's own of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from workflows.engine.process import Json


class FrozenError(TypeError):
    """What several share cannot be changed; make a copy, or read it anew."""

    def __init__(self) -> None:
        super().__init__("Others share this, so it cannot be changed. Copy it, or read your own.")


def refuse(*_arguments: object, **_options: object) -> NoReturn:
    """Takes the place of each method that changes something."""
    raise FrozenError


class FrozenDict(dict[str, Json]):
    """A JSON object, made by `frozen`."""

    __slots__ = ("_found",)
    _found: dict[object, Any]
    __init__ = __setitem__ = __delitem__ = __ior__ = __setattr__ = __delattr__ = refuse
    clear = pop = popitem = setdefault = update = refuse

    def once[T](self, find_out: Callable[[Json], T]) -> T:
        """What this function finds out about it, kept: it will always be the same."""
        if find_out not in self._found:
            self._found[find_out] = find_out(self)
        found: T = self._found[find_out]
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Json]:
        return {name: thawed(value) for name, value in self.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (list(self.items()),)


class FrozenList(list[Json]):
    """A JSON array, made by `frozen`."""

    __slots__ = ()
    __init__ = __setitem__ = __delitem__ = __iadd__ = __imul__ = refuse
    append = clear = extend = insert = pop = remove = reverse = sort = refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Json]:
        return [thawed(value) for value in self]

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (tuple(self),)


def frozen(value: Any) -> Any:
    """The same JSON, in which nothing can be changed; what is no dict or list is left as it is."""
    if isinstance(value, dict):
        names = FrozenDict.__new__(FrozenDict)
        object.__setattr__(names, "_found", {})
        dict.update(names, {name: frozen(each) for name, each in value.items()})
        return names
    if isinstance(value, list):
        items = FrozenList.__new__(FrozenList)
        list.extend(items, map(frozen, value))
        return items
    return value


def thawed(value: Any) -> Any:
    """The same JSON as one's own, which can be changed."""
    if isinstance(value, dict):
        return {name: thawed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [thawed(each) for each in value]
    return value
