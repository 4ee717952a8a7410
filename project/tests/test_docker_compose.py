"""docker-compose.yml has what the README promises of it; no container is started here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unittest import TestCase

import yaml
from django.core.management import get_commands, load_command_class

from project.database.settings import DB_VARIABLES
from project.environment import BASE_DIR
from project.tests.test_settings_documented import variables_read

TEXT = (BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8")
DOCUMENTED = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
REQUIRED = re.compile(r"\$\{([A-Z_]+):?\?")
NAMED = re.compile(r"\$\{([A-Z_]+)")
DOCKERFILE = (BASE_DIR / "Dockerfile").read_text(encoding="utf-8")
SECRETS = {"DB_PASSWORD", "POSTGRES_PASSWORD", "DJANGO_SECRET_KEY", "FIELD_ENCRYPTION_KEYS"}
# What an operator decides for each machine, and not in this file.
KEYS = {"image", "build", "command", "restart", "environment", "volumes", "ports", "depends_on"}
KEYS |= {"healthcheck", "stop_grace_period"}
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_healthy", "service_completed_successfully", "service_started"}
SECONDS = re.compile(r"(\d+)s")
# The same in every installation of this kind.
FIXED = {"DB_HOST", "DB_PORT", "DEBUG"}
# What .env.example has and the containers are not given: {variable: why}.
NOT_PASSED = {
    "DATABASE_URL": "the database is the service `db`",
    "BACKUP_DATABASE_URL": "the image has none of Postgres' programs: backups are made beside it",
    "POSTGRES_BIN": "as above",
    "TICKETFLOWER_DATA_DIR": "the image says it, for its volume",
    "MEDIA_ROOT": "as above",
    "MAIL_FOLDER": "as above",
    "FILES_S3_BUCKET": "the image has no requirements-s3.txt",
    "FILES_S3_ACCESS_KEY": "as above",
    "FILES_S3_SECRET_KEY": "as above",
    "FILES_S3_REGION": "as above",
    "FILES_S3_ENDPOINT": "as above",
    "FILES_S3_PREFIX": "as above",
    "DEMO": "the stand-in of the demo is for development",
    "SENTRY_DSN": "the image has no requirements-sentry.txt",
    "SENTRY_ENVIRONMENT": "as above",
    "TEST_DB_NAME": "no tests are run there",
    "LONG_TESTS": "as above",
    "PLAYWRIGHT_CHROMIUM": "as above",
}
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
            self.assertEqual(inside["OWNER_DATABASE"], env["DB_NAME"])
            self.assertEqual(inside["OWNER"], env["DB_USER"])
            self.assertEqual(inside["OWNER_PASSWORD"], "secret")
            (port,) = database["ports"]
            self.assertEqual(resolved(port, env), f"{env['DB_HOST']}:{env['DB_PORT']}:5432")

    def test_the_role_that_owns_the_database_is_no_superuser(self) -> None:
        database = self.services["db"]
        self.assertNotIn("POSTGRES_USER", database["environment"])
        (mounted,) = (each for each in database["volumes"] if "initdb" in each)
        script = (BASE_DIR / mounted.split(":")[0]).read_text(encoding="utf-8")
        for name in re.findall(r"\\getenv \w+ (\w+)", script):
            self.assertIn(name, database["environment"])
        self.assertNotIn("SUPERUSER", script)

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
                    ("DB_NAME", "OWNER_DATABASE"),
                    ("DB_USER", "OWNER"),
                    ("DB_PASSWORD", "OWNER_PASSWORD"),
                ):
                    self.assertEqual(environment[here], self.services["db"]["environment"][there])

    def test_every_variable_is_documented(self) -> None:
        named = set(NAMED.findall(TEXT)) - {"PORT"}
        self.assertEqual({name for name in named if f"{name}=" not in DOCUMENTED}, set())

    def test_every_documented_variable_reaches_the_programs(self) -> None:
        """What somebody writes into .env would be passed over without a word."""
        documented = set(re.findall(r"^# ([A-Z][A-Z0-9_]+)=", DOCUMENTED, re.MULTILINE))
        self.assertLessEqual({"MAIL_IN_HOST", "LANGUAGE_CODE"}, documented)
        self.assertLessEqual(set(NOT_PASSED), documented)
        for name in ("migrate", "web", "worker"):
            environment = self.services[name]["environment"]
            self.assertEqual(documented - set(environment), set(NOT_PASSED), name)
            for each in documented & set(environment) - FIXED:
                self.assertRegex(environment[each], rf"^\$\{{{each}:[-?]", name)

    def test_it_insists_on_https_unless_somebody_says_otherwise(self) -> None:
        for name in ("web", "worker"):
            https = self.services[name]["environment"]["HTTPS"]
            self.assertEqual(resolved(https, {}), "1")
            self.assertEqual(resolved(https, {"HTTPS": "0"}), "0")
            self.assertEqual(self.services[name]["environment"]["DEBUG"], "0")
        self.assertIn("HTTPS=0", (BASE_DIR / "README.md").read_text(encoding="utf-8"))

    def test_nothing_is_set_that_nobody_reads(self) -> None:
        for name, service in self.services.items():
            if name != "db":
                read = variables_read() | set(DB_VARIABLES)
                self.assertEqual(set(service["environment"]) - read, set(), name)

    def test_every_service_says_only_what_compose_knows(self) -> None:
        for name, service in self.services.items():
            self.assertLessEqual(set(service), KEYS, name)
            for other, how in service.get("depends_on", {}).items():
                self.assertIn(how["condition"], CONDITIONS, name)
                if how["condition"] == "service_healthy":
                    self.assertIn("healthcheck", self.services[other])
            for volume in service.get("volumes", []):
                kept = volume.partition(":")[0]
                if kept.startswith("./"):
                    self.assertTrue((BASE_DIR / kept).is_file(), kept)
                else:
                    self.assertIn(kept, self.compose["volumes"], name)

    def test_no_secret_has_a_default_and_none_stands_in_the_file(self) -> None:
        for service in self.services.values():
            for name in SECRETS & set(service["environment"]):
                value = str(service["environment"][name])
                self.assertRegex(value, r"^\$\{[A-Z_]+:[-?]", name)
                self.assertEqual(
                    resolved(re.sub(r":\?[^}]*", ":-", value), {}), "", f"{name} has a default"
                )

    def test_what_is_started_exists(self) -> None:
        commands = [each["command"] for each in self.services.values() if "command" in each]
        [by_image] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
        of_manage = [each for each in [*commands, yaml.safe_load(by_image)] if "manage.py" in each]
        self.assertEqual(len(of_manage), 3)
        for _python, _manage, name, *arguments in of_manage:
            command = load_command_class(get_commands()[name], name)
            command.create_parser("manage.py", name).parse_args(arguments)

    def test_health_is_asked_of_an_address_that_is_served(self) -> None:
        for name in ("db", "web"):
            check = self.services[name]["healthcheck"]
            self.assertLessEqual(set(check), HEALTHCHECK)
            self.assertIn(check["test"][0], ("CMD", "CMD-SHELL"))
            for key in ("interval", "timeout"):
                self.assertRegex(check[key], SECONDS)
        program, flag, code = self.services["web"]["healthcheck"]["test"][1:]
        self.assertEqual((program, flag), ("python", "-c"))
        compile(code, "healthcheck", "exec")
        [port] = self.services["web"]["ports"]
        inside = port.rpartition(":")[2]
        self.assertIn(f"http://127.0.0.1:{inside}/healthz", code)
        self.assertIn(f'"--port", "{inside}"', DOCKERFILE)

    def test_every_program_has_the_time_to_end_what_it_does(self) -> None:
        """The web server ends within 30 seconds, and so does the worker (run_worker)."""
        for name in ("web", "worker"):
            [seconds] = SECONDS.findall(self.services[name]["stop_grace_period"])
            self.assertGreater(int(seconds), 30, name)

    def test_the_image_runs_as_nobody_and_takes_no_secret_along(self) -> None:
        self.assertRegex(DOCKERFILE, r"(?m)^USER (?!root)\w+$")
        ignored = (BASE_DIR / ".dockerignore").read_text(encoding="utf-8").split()
        for name in (".env", ".git", ".data", ".venv"):
            self.assertTrue({name, f"{name}/", f"**/{name}"} & set(ignored), name)

    def test_the_readme_says_how_for_every_system(self) -> None:
        readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
        for line in (
            "cp .env.example .env",
            "Copy-Item .env.example .env",
            "docker compose up --detach --wait db",
        ):
            self.assertIn(line, readme)
