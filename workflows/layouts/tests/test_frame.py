"""The page of the frame: nothing but our two scripts, and a policy of its own."""

from __future__ import annotations

import json
import re

from django.conf import settings
from django.test import SimpleTestCase
from django.urls import reverse

from project.development import bundle
from project.middleware import POLICY, UNUSED, USED_HERE
from tenants.testing import CompanyTestCase
from workflows.layouts.pages.frame import POWERS, SCRIPTS


class FrameTests(CompanyTestCase):
    def get(self) -> tuple[str, dict[str, str]]:
        answer = self.client.get(reverse("layout_frame"))
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.cookies, {})
        return answer.content.decode(), dict(answer.items())

    def test_its_policy_lets_nothing_in_or_out(self) -> None:
        content, headers = self.get()
        policy = dict(
            each.strip().partition(" ")[::2]
            for each in headers["Content-Security-Policy"].split(";")
        )
        scripts = [f"http://testserver/static/{name}" for name in SCRIPTS]
        self.assertEqual(policy.pop("script-src").split(), ["'unsafe-eval'", *scripts])
        self.assertEqual(policy.pop("style-src"), "'unsafe-inline'")
        self.assertEqual(policy.pop("sandbox"), "allow-scripts")
        self.assertEqual(policy.pop("frame-ancestors"), "'self'")
        self.assertEqual(policy.pop("require-trusted-types-for"), "'script'")
        self.assertEqual(policy.pop("trusted-types"), "layout")
        self.assertEqual({policy.pop("img-src"), policy.pop("font-src")}, {"data:"})
        self.assertEqual(set(policy.values()), {"'none'"}, policy)
        self.assertEqual(headers["Connection-Allowlist"], f'("{scripts[0]}" "{scripts[1]}")')
        self.assertEqual(re.findall(r'src="([^"]+)"', content), scripts)
        self.assertNotIn("<link", content)

    def test_it_alone_may_stand_in_a_frame(self) -> None:
        _content, headers = self.get()
        self.assertEqual(headers["X-Frame-Options"], "SAMEORIGIN")
        other = self.client.get("/")
        self.assertEqual(other.headers["X-Frame-Options"], "DENY")
        self.assertIn("frame-ancestors 'none'", other.headers["Content-Security-Policy"])
        self.assertIn("frame-src 'self'", POLICY)

    def test_it_has_no_power_of_the_browser(self) -> None:
        _content, headers = self.get()
        self.assertEqual(set(USED_HERE + UNUSED) - set(POWERS), set())
        self.assertNotIn("self", headers["Permissions-Policy"])

    def test_it_is_the_same_for_everybody_and_only_read(self) -> None:
        content, _headers = self.get()
        for person in (self.uma, self.carla, self.charlie):
            self.client.force_login(person)
            self.assertEqual(self.get()[0], content)
        self.assertEqual(self.client.post(reverse("layout_frame")).status_code, 405)


class PackagesTests(SimpleTestCase):
    def test_the_file_is_made_of_the_versions_that_are_pinned(self) -> None:
        with bundle.BUNDLE.open(encoding="utf-8") as file:
            self.assertEqual(file.readline().strip(), bundle.first_line())
        lock = json.loads((settings.BASE_DIR / "package-lock.json").read_text(encoding="utf-8"))
        licences = bundle.LICENCES.read_text(encoding="utf-8")
        for name in bundle.PACKAGES:
            version = lock["packages"][f"node_modules/{name}"]["version"]
            self.assertIn(f"{name} {version}", bundle.first_line())
            self.assertIn(f"{name} {version}\n", licences)
