from __future__ import annotations

import sys
import unittest
from pathlib import Path

from workflows.engine.tests.test_purity import IMPURE, imported

FIELDS = Path(__file__).resolve().parents[1]
# What people see, and what asks the database.
DJANGO = {"in_database", "on_screen"}


class PurityTests(unittest.TestCase):
    def test_the_rules_import_only_the_standard_library_and_the_engine(self) -> None:
        rules = set(FIELDS.glob("*/rules.py"))
        types = {each.parent for each in rules}
        others = {each for each in FIELDS.glob("*/") if each not in types}
        shared = {
            module
            for folder in others
            if folder.name not in DJANGO | {"tests"}
            for module in folder.glob("*.py")
        }
        self.assertGreater(len(rules), 14)
        self.assertGreater(len(shared), 14)
        for module in sorted({*FIELDS.glob("*.py"), *shared, *rules}):
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
        parts = name.split(".")
        is_impure = DJANGO & set(parts) or parts[-1] in ("lookup", "screen")
        return name.startswith("workflows.fields.") and not is_impure
