"""What can happen to a workflow instance: a module for each kind of event.

It declares what the event does and how people see it, in one place; whoever needs to know asks the
declaration (`kind.py`). They stand in folders by subject. To add a kind, add its module to one of
them, and an example of its data to tickets/following/tests/test_event_kinds.py. No migration: the
column holds the name of the kind.
"""

from __future__ import annotations

import importlib
import pkgutil

# Each kind makes itself known when its module is imported.
for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
