"""The main path over real servers, as `python3 dev.py smoke` walks it."""

from __future__ import annotations

import os
import subprocess
import sys
from unittest import TestCase

from django.conf import settings
from django.test import tag

# What the test run itself is told, which would lead the walk to its database.
NOT_PASSED_ON = ("TEST_DB_NAME", "DJANGO_SETTINGS_MODULE")


@tag("processes")
class SmokeTests(TestCase):
    def test_the_main_path_works(self) -> None:
        environment = {name: v for name, v in os.environ.items() if name not in NOT_PASSED_ON}
        walk = subprocess.run(
            [sys.executable, "-m", "project.development", "smoke"],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        self.assertEqual(walk.returncode, 0, walk.stdout + walk.stderr)
        self.assertIn("The main path works", walk.stdout)
