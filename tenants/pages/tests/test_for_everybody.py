"""What is the same for everybody is made once, however often it is asked for."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.test import SimpleTestCase, override_settings

from tenants.pages import for_everybody as module

ADDRESSES = (
    "/api/",
    "/api/v1/openapi.json",
    "/schemas/bundle-1.json",
    "/llms.txt",
    "/llms/format.md",
)
TIMES = 20


class ForEverybodyTests(SimpleTestCase):
    def setUp(self) -> None:
        module._made.cache_clear()
        self.addCleanup(module._made.cache_clear)

    def get(self, address: str, **headers: str) -> Any:
        return self.client.get(address, headers=headers)

    def builds(self) -> int:
        return module._made.cache_info().misses

    def test_a_visitor_in_a_loop_has_each_made_once(self) -> None:
        for number, address in enumerate(ADDRESSES, start=1):
            texts = {self.get(address).content for _each in range(TIMES)}
            self.assertEqual(len(texts), 1)
            self.assertEqual(self.builds(), number, address)

    def test_a_language_more_is_one_more(self) -> None:
        english = self.get("/api/").content
        german = self.get("/api/", **{"Accept-Language": "de"})
        self.assertIn('lang="de"', german.content.decode())
        self.assertNotEqual(english, german.content)
        self.assertIn("Accept-Language", german["Vary"])
        self.assertEqual(self.builds(), 2)

    @override_settings(ALLOWED_HOSTS=[".example.com"])
    def test_names_of_the_installation_that_somebody_invents_make_nothing_anew(self) -> None:
        for address in ("/llms.txt", "/schemas/bundle-1.json"):
            before = self.builds()
            for number in range(TIMES):
                name = f"n{number}.example.com"
                text = self.get(address, Host=name).content.decode()
                self.assertIn(f"http://{name}/", text)
                self.assertNotIn(module.HERE, text)
            self.assertEqual(self.builds(), before + 1)

    @override_settings(ALLOWED_HOSTS=[".example.com"])
    def test_what_names_the_address_is_another_text_at_another_one(self) -> None:
        first, second = (self.get("/llms.txt", Host=f"{each}.example.com") for each in "ab")
        self.assertNotEqual(first["ETag"], second["ETag"])

    def test_who_has_it_gets_nothing(self) -> None:
        for address in ADDRESSES:
            answer = self.get(address)
            self.assertIn("max-age", answer["Cache-Control"])
            for header, value in (
                ("If-None-Match", answer["ETag"]),
                ("If-None-Match", f'"other", {answer["ETag"]}'),
                ("If-Modified-Since", answer["Last-Modified"]),
            ):
                with self.subTest(address=address, header=header):
                    again = self.get(address, **{header: value})
                    self.assertEqual((again.status_code, again.content), (304, b""))
                    self.assertEqual(again["ETag"], answer["ETag"])
                    self.assertIn("max-age", again["Cache-Control"])

    def test_who_has_another_one_gets_it(self) -> None:
        with mock.patch.object(module, "time", return_value=1_000_000_000):
            self.assertEqual(self.get("/llms.txt", **{"If-None-Match": '"x"'}).status_code, 200)

    def test_a_cookie_changes_nothing(self) -> None:
        plain = self.get("/api/").content
        self.client.cookies["sessionid"] = "invented"
        self.assertEqual(self.get("/api/").content, plain)
