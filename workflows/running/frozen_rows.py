"""Objects of models that nobody can change, for what the process keeps for everybody.

They are of the model, and Django takes them for any other of its objects. Setting an attribute,
saving, deleting or reading them anew is refused, and so is each change of the JSON in them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelState

from workflows.engine.values.frozen import frozen, refuse


class _FrozenRow:
    """What comes before the model's own."""

    __setattr__ = __delattr__ = refuse
    save = save_base = delete = refresh_from_db = refuse
    _state: ModelState

    def __getstate__(self) -> dict[str, Any]:
        """For a copy, which is an object of the model like any other."""
        state = ModelState()
        state.__dict__.update(self._state.__dict__, fields_cache={})
        return {**self.__dict__, "_state": state}


class _FrozenState(ModelState):
    """What Django keeps about an object."""

    __setattr__ = __delattr__ = refuse

    def __del__(self) -> None:
        """Django 6.1 empties `fields_cache` here, to let go sooner."""


def freeze_row(row: Model, **related: Model) -> None:
    """Let nobody change this object from now on.

    `related` are the objects that it points to, {field: object}, themselves frozen. All others
    may change while it is kept: they are forgotten, and whoever needs one reads it by its id.
    """
    state = _FrozenState()
    # Also what Django 6.1 adds to it when somebody asks for it.
    known = {
        name: getattr(row._state, name)
        for name in ("db", "adding", "fetch_mode", "peers")
        if hasattr(row._state, name)
    }
    state.__dict__.update(known, fields_cache=frozen(related))
    values = {
        name: frozen(value) for name, value in row.__dict__.items() if not name.startswith("_")
    }
    row.__dict__.clear()
    row.__dict__.update(values, _state=state)
    row.__class__ = _frozen_class(type(row))


@cache
def _frozen_class[M: Model](model: type[M]) -> type[M]:
    """A class that is no model of its own: Django's metaclass would make it one."""
    names = {"__module__": model.__module__, "__qualname__": model.__qualname__}
    made: type[M] = type.__new__(type(model), model.__name__, (_FrozenRow, model), names)
    return made
