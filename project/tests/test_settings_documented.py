"""A setting that `.env.example` does not name is a setting that nobody finds."""

from __future__ import annotations

import re
from unittest import TestCase

from project.environment import BASE_DIR

READS = re.compile(
    r"""(?:environ\.get|env_flag|env_list|_whole_number)\(\s*["']([A-Z][A-Z0-9_]+)["']"""
)
# Set by one process of ours for another, or by the system.
NOT_FOR_PEOPLE = {
    "CI",
    "CRASH_AT",
    "CRASH_HURRY",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
    "PYTHONWARNINGS",
}


def variables_read() -> set[str]:
    """The environment variables that our code reads."""
    return {
        name
        for app in ("project", "tenants", "workflows", "tickets")
        for path in (BASE_DIR / app).rglob("*.py")
        for name in READS.findall(path.read_text(encoding="utf-8"))
    }


class DocumentedSettingsTests(TestCase):
    def test_every_variable_that_is_read_is_documented(self) -> None:
        documented = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
        read = variables_read()
        self.assertIn("SAFETY_NET_SECONDS", read)
        missing = {name for name in read - NOT_FOR_PEOPLE if f"{name}=" not in documented}
        self.assertEqual(missing, set())
