"""docker-compose.yml has what the README promises of it; no container is started here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unittest import TestCase

import yaml

from project.environment import BASE_DIR

TEXT = (BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8")
DOCUMENTED = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
REQUIRED = re.compile(r"\$\{([A-Z_]+):?\?")
NAMED = re.compile(r"\$\{([A-Z_]+)")
DATABASE = {"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT"}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def resolved(text: str, variables: dict[str, str]) -> str:
    """As Compose puts variables in: `${A:-b}` is b where A is empty, `${A:?b}` is refused then."""

    def value(found: re.Match[str]) -> str:
        name, kind, other = found.groups()
        if not variables.get(name) and kind == "?":
            raise LookupError(name)
        return variables.get(name) or other

    return re.sub(r"\$\{([A-Z_]+):([-?])([^{}]*)\}", value, text)


class ComposeTests(TestCase):
    def setUp(self) -> None:
        self.compose: Any = yaml.safe_load(TEXT)
        self.services: dict[str, Any] = self.compose["services"]

    def test_the_database_needs_no_other_service_and_only_a_password(self) -> None:
        database = self.services["db"]
        self.assertNotIn("depends_on", database)
        # Compose reads the whole file, also where it starts one service.
        for text in strings(self.compose):
            resolved(text, {"DB_PASSWORD": "secret"})
        with self.assertRaises(LookupError):
            resolved(database["environment"]["POSTGRES_PASSWORD"], {})
        self.assertEqual(set(REQUIRED.findall(TEXT)), {"DB_PASSWORD"})

    def test_the_app_beside_it_finds_it_with_the_lines_of_the_example(self) -> None:
        example = dict(re.findall(r"^# (DB_[A-Z]+)=(.*)$", DOCUMENTED, re.MULTILINE))
        self.assertLessEqual(DATABASE, set(example))
        for chosen in ({}, {"DB_NAME": "other", "DB_USER": "me", "DB_PORT": "5433"}):
            env = {**example, "DB_PASSWORD": "secret", **chosen}
            database = self.services["db"]
            inside = {name: resolved(each, env) for name, each in database["environment"].items()}
            self.assertEqual(inside["POSTGRES_DB"], env["DB_NAME"])
            self.assertEqual(inside["POSTGRES_USER"], env["DB_USER"])
            self.assertEqual(inside["POSTGRES_PASSWORD"], "secret")
            (port,) = database["ports"]
            self.assertEqual(resolved(port, env), f"{env['DB_HOST']}:{env['DB_PORT']}:5432")

    def test_every_port_is_on_this_machine_only(self) -> None:
        ports = [port for each in self.services.values() for port in each.get("ports", [])]
        self.assertEqual(len(ports), 2)
        for port in ports:
            self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_the_other_services_find_the_database(self) -> None:
        for name, service in self.services.items():
            for other in service.get("depends_on", {}):
                self.assertIn(other, self.services)
            if name != "db":
                environment = service["environment"]
                self.assertEqual((environment["DB_HOST"], environment["DB_PORT"]), ("db", "5432"))
                for here, there in (
                    ("DB_NAME", "POSTGRES_DB"),
                    ("DB_USER", "POSTGRES_USER"),
                    ("DB_PASSWORD", "POSTGRES_PASSWORD"),
                ):
                    self.assertEqual(environment[here], self.services["db"]["environment"][there])

    def test_every_variable_is_documented(self) -> None:
        named = set(NAMED.findall(TEXT)) - {"PORT"}
        self.assertEqual({name for name in named if f"{name}=" not in DOCUMENTED}, set())

    def test_it_insists_on_https_unless_somebody_says_otherwise(self) -> None:
        for name in ("web", "worker"):
            https = self.services[name]["environment"]["HTTPS"]
            self.assertEqual(resolved(https, {}), "1")
            self.assertEqual(resolved(https, {"HTTPS": "0"}), "0")
            self.assertEqual(self.services[name]["environment"]["DEBUG"], "0")
        self.assertIn("HTTPS=0", (BASE_DIR / "README.md").read_text(encoding="utf-8"))

    def test_the_readme_says_how_for_every_system(self) -> None:
        readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
        for line in (
            "cp .env.example .env",
            "Copy-Item .env.example .env",
            "docker compose up --detach --wait db",
        ):
            self.assertIn(line, readme)
