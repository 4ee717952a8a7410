"""What people are told: a module for each kind of notice.

It declares everything about the kind in one place (`kind.py` says what there is to declare); the
list, the bell, the mails and the preferences ask the declaration. To add a kind, add its module
here and an example to tickets/notices/tests/test_every_kind_everywhere.py. No migration: the column
holds the name of the kind.
"""

from __future__ import annotations

import importlib
import pkgutil

# Each kind makes itself known when its module is imported.
for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
