from __future__ import annotations

import sys
import unittest
from pathlib import Path

from workflows.engine.tests.test_purity import IMPURE, imported

FIELDS = Path(__file__).resolve().parents[1]
# What people see, and what asks the database.
DJANGO = {
    "editor_facts.py",
    "inputs.py",
    "kept_people.py",
    "kept_roles.py",
    "look_up.py",
    "moment_screen.py",
    "numeric_screen.py",
    "screen.py",
    "screens.py",
    "shown.py",
    "shown_number.py",
}


class PurityTests(unittest.TestCase):
    def test_the_rules_import_only_the_standard_library_and_the_engine(self) -> None:
        shared = {each for each in FIELDS.glob("*.py") if each.name not in DJANGO}
        rules = set(FIELDS.glob("*/rules.py"))
        self.assertGreater(len(rules), 14)
        for module in sorted(shared | rules):
            for name in imported(module):
                with self.subTest(module=str(module.relative_to(FIELDS)), imported=name):
                    if name == "workflows" or name.startswith("workflows."):
                        self.assertTrue(self._is_pure(name), name)
                    elif name != "tenants.names":  # plain Python as well
                        self.assertIn(name.split(".")[0], sys.stdlib_module_names)
                        self.assertNotIn(name, IMPURE)

    def _is_pure(self, name: str) -> bool:
        if name.startswith("workflows.engine.") or name == "workflows":
            return True
        last = name.split(".")[-1]
        return name.startswith("workflows.fields.") and f"{last}.py" not in DJANGO | {"lookup.py"}
