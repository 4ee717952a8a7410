"""`dev.py smoke`: the main path over HTTP, on real servers with data of their own.

It sees only what a browser sees: pages, their forms and links. A step that fails says what it
looked for and where; the servers' logs are then kept and named.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from project.database import DB_VARIABLES
from project.development.errors import DevelopmentError
from project.development.processes import Ended, ignore_signals
from project.development.servers import Servers
from project.embedded_postgres import EmbeddedPostgresError

PASSWORD = "a long walk in the rain"  # noqa: S105 - of people who exist for a few seconds


class SmokeError(Exception):
    """A page is not what the path needs; the message says what was looked for, and where."""


@dataclass
class Form:
    """A form as the page shows it. `values` are what the browser would send as it stands."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """What a person can fill in or press."""
        return {*self.values, *self.choices, *self.files, *(name for name, _ in self.buttons)}


@dataclass
class Page:
    """What came back: `text` is what a person reads, without tags, scripts and styles."""

    url: str
    status: int
    html: str
    text: str
    forms: list[Form]
    links: list[tuple[str, str]]

    @property
    def path(self) -> str:
        """Where it stands, without the host."""
        return urlsplit(self.url).path

    def must_show(self, *texts: str) -> Page:
        """Raises SmokeError where the page does not show them all."""
        for text in texts:
            if text not in self.text:
                raise SmokeError(f"{self.path} does not show {text!r}.{self._errors()}")
        return self

    def form(self, *names: str) -> Form:
        """The form that has all these fields or buttons."""
        for form in self.forms:
            if form.names() >= set(names):
                return form
        raise SmokeError(f"{self.path} has no form with {', '.join(names)}.{self._errors()}")

    def form_to(self, end: str) -> Form:
        """The form that is sent to an address with this end."""
        for form in self.forms:
            if urlsplit(form.action).path.endswith(end):
                return form
        raise SmokeError(f"{self.path} has no form that is sent to {end}.{self._errors()}")

    def link(self, text: str) -> str:
        """Where the first link goes whose text contains this one."""
        for label, address in self.links:
            if text in label:
                return address
        raise SmokeError(f"{self.path} has no link {text!r}.{self._errors()}")

    def _errors(self) -> str:
        return f" The page begins with: {' '.join(self.text.split())[:300]}"


class PageReader(HTMLParser):
    """Collects forms, links and readable text."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._silent = 0
        self._link: tuple[str, list[str]] | None = None
        self._select: tuple[Form, str, bool] | None = None
        self._textarea: tuple[Form, str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        present = {name for name, _ in attrs}
        if tag in ("script", "style", "template"):
            self._silent += 1
        elif tag == "form":
            self._open_form(given)
        elif tag == "a" and "href" in given:
            self._link = (urljoin(self.url, given["href"]), [])
        elif tag == "option":
            self._read_option(given, present)
        elif tag in ("input", "select", "textarea", "button") and "disabled" not in present:
            # A field outside of its form names it, as the admin's buttons may do.
            form = self.by_id.get(given["form"]) if "form" in given else self._form
            if form is not None:
                self._read_field(tag, form, given, present)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._silent = max(0, self._silent - 1)
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "a" and self._link is not None:
            self.links.append((" ".join("".join(self._link[1]).split()), self._link[0]))
            self._link = None
        elif tag == "textarea" and self._textarea is not None:
            form, name, parts = self._textarea
            # A browser drops the line break that follows the opening tag.
            form.values.setdefault(name, []).append("".join(parts).removeprefix("\n"))
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea[2].append(data)
        if self._silent:
            return
        self.text.append(data)
        if self._link is not None:
            self._link[1].append(data)

    def _open_form(self, given: dict[str, str]) -> None:
        self._form = Form(
            action=urljoin(self.url, given.get("action") or self.url),
            method=given.get("method", "get").lower(),
        )
        self.forms.append(self._form)
        if "id" in given:
            self.by_id[given["id"]] = self._form

    def _read_field(self, tag: str, form: Form, given: dict[str, str], present: set[str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if not name:
            return
        if tag == "select":
            form.choices[name] = []
            self._select = (form, name, "multiple" in present)
        elif tag == "textarea":
            self._textarea = (form, name, [])
        elif tag == "button" or kind == "submit":
            form.buttons.append((name, given.get("value", "")))
        elif kind == "file":
            form.files.append(name)
        elif kind in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in present:
                form.values.setdefault(name, []).append(given.get("value", "on"))
        elif kind not in ("button", "reset", "image"):
            form.values.setdefault(name, []).append(given.get("value", ""))

    def _read_option(self, given: dict[str, str], present: set[str]) -> None:
        if self._select is None:
            return
        form, name, multiple = self._select
        value = given.get("value", "")
        form.choices[name].append(value)
        if "selected" in present and multiple:
            form.values.setdefault(name, []).append(value)
        elif "selected" in present or (name not in form.values and not multiple):
            form.values[name] = [value]


class Browser:
    """One person's browser: it keeps cookies, follows redirects and sends forms."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, follow_redirects=True, timeout=30)

    def get(self, address: str) -> Page:
        """Open a page. Raises SmokeError where it is not there."""
        return self._read(self.client.get(address))

    def send(
        self,
        form: Form,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, Path] | None = None,
        button: str = "",
    ) -> Page:
        """Send a form as the page showed it, with these values changed."""
        data = dict(form.values)
        for name, value in (values or {}).items():
            if name not in form.names():
                raise SmokeError(f"The form for {form.action} has no field {name}.")
            data[name] = [value] if isinstance(value, str) else value
        if button:
            pressed = next((value for name, value in form.buttons if name == button), None)
            if pressed is None:
                raise SmokeError(f"The form for {form.action} has no button {button}.")
            data[button] = [pressed]
        if form.method == "get":
            return self._read(self.client.get(form.action, params=data))
        attached = {name: (path.name, path.read_bytes()) for name, path in (files or {}).items()}
        return self._read(self.client.post(form.action, data=data, files=attached or None))

    def close(self) -> None:
        """Drop the connections."""
        self.client.close()

    def _read(self, response: httpx.Response) -> Page:
        reader = PageReader(str(response.url))
        reader.feed(response.text)
        reader.close()
        page = Page(
            url=str(response.url),
            status=response.status_code,
            html=response.text,
            text=" ".join("".join(reader.text).split()),
            forms=reader.forms,
            links=reader.links,
        )
        if page.status >= 400:
            raise SmokeError(f"{page.path} answers with the error {page.status}.{page._errors()}")
        return page


class Walk:
    """The main path. Each step is a method, in the order of STEPS."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.founder = Browser(address)
        self.stamp = f"{time.time():.0f}"
        self.company = f"Smoke {self.stamp}"
        self.email = f"founder-{self.stamp}@smoke.example"

    def visit(self) -> None:
        """A visitor sees what this is, and where to sign up and log in."""
        page = self.founder.get("/")
        page.must_show("TicketFlower")
        self.founder.get(page.link("Sign up"))

    def sign_up(self) -> None:
        """A company signs up, and its first person is logged in."""
        form = self.founder.get("/sign-up/").form("company_name", "password")
        page = self.founder.send(
            form,
            {
                "company_name": self.company,
                "first_name": "Fiona",
                "last_name": "Founder",
                "email": self.email,
                "password": PASSWORD,
            },
        )
        page.must_show(self.company)

    def log_out_and_in(self) -> None:
        """She logs out, is a visitor again, and logs in."""
        page = self.founder.send(self.founder.get("/app/").form_to("/logout/"))
        if self.company in page.text:
            raise SmokeError("The company's name is still shown after logging out.")
        form = self.founder.get("/app/").form("username", "password")
        page = self.founder.send(form, {"username": self.email, "password": PASSWORD})
        page.must_show(self.company)

    STEPS: tuple[tuple[str, Callable[[Walk], None]], ...] = (
        ("A visitor finds the landing page", visit),
        ("A company signs up", sign_up),
        ("Its founder logs out and in again", log_out_and_in),
    )


def walk(address: str) -> None:
    """Take each step, with a line and its time. Raises SmokeError at the first that fails."""
    path = Walk(address)
    for title, take in Walk.STEPS:
        start = time.monotonic()
        try:
            take(path)
        except (SmokeError, httpx.HTTPError) as error:
            raise SmokeError(f"{title}: {error}") from error
        print(f"ok {time.monotonic() - start:6.2f} s  {title}", flush=True)


def main() -> int:
    """Start servers on a free port and a folder of their own, walk, and clean up. 0 or 1."""
    folder = Path(tempfile.mkdtemp(prefix="ticketflower-smoke-"))
    start = time.monotonic()
    failure = ""
    with _data_in(folder):
        servers = Servers(port=_free_port(), show_output=False)
        try:
            servers.claim()
            servers.prepare()
            servers.start()
            walk(servers.address)
        except (SmokeError, DevelopmentError, EmbeddedPostgresError) as error:
            failure = str(error)
        except Ended:
            failure = "It was interrupted."
        finally:
            ignore_signals()
            servers.end()
    if failure:
        shutil.rmtree(folder / "postgres", ignore_errors=True)
        print(f"FAILED  {failure}", file=sys.stderr)
        print(f"The servers' logs are kept in {folder / 'logs'}.", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    print(f"The main path works ({time.monotonic() - start:.1f} s).")
    return 0


@contextmanager
def _data_in(folder: Path) -> Iterator[None]:
    """Another data folder, and the embedded Postgres even where a server is configured: this
    must never touch real data. Empty values also switch those of `.env` off."""
    changed = {"TICKETFLOWER_DATA_DIR": str(folder)}
    changed |= dict.fromkeys(("DATABASE_URL", *DB_VARIABLES), "")
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
