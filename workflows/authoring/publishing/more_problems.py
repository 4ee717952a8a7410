"""What stands in the way of publishing, and only the apps above can tell."""

from __future__ import annotations

from typing import Final

from tenants.hooks import Hook
from tenants.models import User
from workflows.bundles.document.problems import Problem
from workflows.engine.process import JsonObject

# Of a document without errors, that this person is about to publish (None: the system).
MORE_PROBLEMS: Final[Hook[[JsonObject, User | None], list[Problem]]] = Hook()
