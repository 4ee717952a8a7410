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
from project.development.embedded_postgres import EmbeddedPostgresError
from project.development.errors import DevelopmentError
from project.development.processes import Ended, ignore_signals
from project.development.servers import Servers
from project.environment import BASE_DIR

PASSWORD = "a long walk in the rain"  # noqa: S105 - of people who exist for a few seconds
BUNDLE = BASE_DIR / "fixtures" / "invoice.json"
CALL_SECONDS = 30  # that the worker process gets for a call that is answered at once


class SmokeError(Exception):
    """A page is not what the path needs; the message says what was looked for, and where."""


@dataclass
class Form:
    """A form as the page shows it. `values` are what the browser would send as it stands."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """What a person can fill in or press."""
        return {*self.values, *self.choices, *self.files, *(name for name, _ in self.buttons)}

    def option(self, name: str, label: str) -> str:
        """The value of the entry of a list, or of the box, that reads like this."""
        for value, text in self.labels.get(name, {}).items():
            if text == label:
                return value
        raise SmokeError(f"{name} of the form for {self.action} does not offer {label}.")


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

    def expect_texts(self, *texts: str) -> Page:
        """Raises SmokeError where the page does not show them all."""
        for text in texts:
            if text not in self.text:
                raise SmokeError(f"{self.path} does not show {text!r}.{self.beginning()}")
        return self

    def form(self, *names: str) -> Form:
        """The form that has all these fields or buttons."""
        for form in self.forms:
            if form.names() >= set(names):
                return form
        raise SmokeError(f"{self.path} has no form with {', '.join(names)}.{self.beginning()}")

    def form_to(self, end: str) -> Form:
        """The form that is sent to an address with this end."""
        for form in self.forms:
            if urlsplit(form.action).path.endswith(end):
                return form
        raise SmokeError(f"{self.path} has no form that is sent to {end}.{self.beginning()}")

    def link(self, text: str) -> str:
        """Where the first link goes whose text contains this one."""
        for label, address in self.links:
            if text in label:
                return address
        raise SmokeError(f"{self.path} has no link {text!r}.{self.beginning()}")

    def beginning(self) -> str:
        """What a message says about the page, as its last sentence."""
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
        self._option: tuple[dict[str, str], str] | None = None
        self._label: tuple[list[str], list[tuple[Form, str, str]]] | None = None
        self._early: list[tuple[str, str, dict[str, str], set[str]]] = []
        self._textarea: tuple[Form, str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        present = {name for name, _ in attrs}
        if tag in ("script", "style", "template"):
            self._silent += 1
        elif tag == "form":
            self._open_form(given)
        elif tag == "label":
            self._label = ([], [])
        elif tag == "a" and "href" in given:
            self._link = (urljoin(self.url, given["href"]), [])
        elif tag == "option":
            self._read_option(given, present)
        elif tag in ("input", "select", "textarea", "button") and "disabled" not in present:
            self._place_field(tag, given, present)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._silent = max(0, self._silent - 1)
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = self._option = None
        elif tag == "option":
            self._option = None
        elif tag == "label" and self._label is not None:
            words, boxes = self._label
            for form, name, value in boxes:
                form.labels.setdefault(name, {})[value] = " ".join("".join(words).split())
            self._label = None
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
        if self._option is not None:
            texts, value = self._option
            texts[value] = " ".join((texts[value] + data).split())
        if self._label is not None:
            self._label[0].append(data)
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
            for name, tag, field_given, present in self._early:
                if name == given["id"]:
                    self._read_field(tag, self._form, field_given, present)

    def _place_field(self, tag: str, given: dict[str, str], present: set[str]) -> None:
        """A field outside of its form names it; it may stand before the form does."""
        form = self.by_id.get(given["form"]) if "form" in given else self._form
        if form is not None:
            self._read_field(tag, form, given, present)
        elif "form" in given:
            self._early.append((given["form"], tag, given, present))

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
            if self._label is not None:
                self._label[1].append((form, name, given.get("value", "on")))
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
        texts = form.labels.setdefault(name, {})
        texts[value] = ""
        self._option = (texts, value)
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

    def log_in(self, email: str) -> Page:
        """Log in with the password that everybody here has; the page that follows."""
        form = self.get("/app/").form("username", "password")
        return self.send(form, {"username": email, "password": PASSWORD})

    def download(self, address: str) -> bytes:
        """A file."""
        response = self.client.get(address)
        if response.status_code != 200:
            raise SmokeError(f"{address} answers with {response.status_code}.")
        return response.content

    def status(self, address: str) -> int:
        """What an address itself answers with, whatever it is."""
        return self.client.get(address, follow_redirects=False).status_code

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
            raise SmokeError(f"{page.path} answers with the error {page.status}.{page.beginning()}")
        return page


@dataclass
class Worker:
    """Somebody whom the founder adds, who logs in and carries out tasks."""

    first_name: str
    company_roles: tuple[str, ...]
    email: str
    browser: Browser

    @property
    def name(self) -> str:
        """As the pages show it."""
        return f"{self.first_name} Worker"


class Walk:
    """The main path. Each step is a method, in the order of STEPS."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.stamp = f"{time.time():.0f}"
        self.company = f"Smoke {self.stamp}"
        self.email = f"founder-{self.stamp}@smoke.example"
        self.founder = Browser(address)
        # Two approvers, so that it is up to TicketFlower whom of them it gives a task to.
        self.workers = [
            self._worker("Anna", "Approver"),
            self._worker("Abel", "Approver"),
            self._worker("Tom", "Team Assistant", "Accountant"),
        ]
        self.document = folder / "invoice 4711.pdf"
        self.document.write_bytes(
            b"%PDF-1.4\n% A scanned invoice, as far as anybody looks.\n%%EOF\n"
        )
        self.ticket = self.number = self.file = ""

    def close(self) -> None:
        """Drop everybody's connections."""
        for browser in (self.founder, *(worker.browser for worker in self.workers)):
            browser.close()

    # --- the company

    def visit(self) -> None:
        """A visitor sees what this is, and where to sign up and log in."""
        page = self.founder.get("/")
        page.expect_texts("TicketFlower")
        self.founder.get(page.link("Sign your company up"))

    def sign_up(self) -> None:
        """A company signs up, and its first person is logged in."""
        self._sign_up(self.founder, self.company, self.email).expect_texts(self.company)

    def log_out_and_in(self) -> None:
        """She logs out, is a visitor again, and logs in."""
        page = self.founder.send(self.founder.get("/app/").form_to("/logout/"))
        if self.company in page.text:
            raise SmokeError("The company's name is still shown after logging out.")
        self.founder.log_in(self.email).expect_texts(self.company)

    def import_bundle(self) -> None:
        """She uploads the bundle, sees what it would make, and applies it as a draft."""
        page = self.founder.get(self.founder.get("/app/").link("Workflows"))
        page = self.founder.get(page.link("Import"))
        page = self.founder.send(page.form("file", "text"), files={"file": BUNDLE}, button="check")
        page.expect_texts("it would become version 1", "Approver", "Team Assistant", "Accountant")
        page = self.founder.send(page.form("file", "text", "apply"), button="apply")
        page.expect_texts("Invoice receipt", "This is a draft")

    def publish(self) -> None:
        """She publishes it, from its page."""
        page = self.founder.get(self.founder.get("/app/").link("Workflows"))
        page = self.founder.get(page.link("Invoice receipt"))
        page = self.founder.send(page.form_to("/publish/"))
        page.expect_texts("Version 1 of “Invoice receipt” is published.")

    def add_people(self) -> None:
        """She adds the workers."""
        add = self.founder.get("/app/").link("Add a person")
        for worker in self.workers:
            page = self.founder.send(
                self.founder.get(add).form("email", "password1", "system_roles"),
                {
                    "first_name": worker.first_name,
                    "last_name": "Worker",
                    "email": worker.email,
                    "password1": PASSWORD,
                    "password2": PASSWORD,
                    "system_roles": ["task_worker"],
                },
                button="_save",
            )
            page.expect_texts(worker.name)

    def fill_roles(self) -> None:
        """The import has made the company roles; she puts the workers into them."""
        for role in ("Approver", "Team Assistant", "Accountant"):
            page = self.founder.get(self.founder.get("/app/").link("Company roles"))
            form = self.founder.get(page.link(role)).form("name", "members")
            chosen = [
                f"{each.name} ({each.email})" for each in self.workers if role in each.company_roles
            ]
            members = [form.option("members", name) for name in chosen]
            page = self.founder.send(form, {"members": members}, button="_save")
            form = self.founder.get(page.link(role)).form("name", "members")
            if sorted(form.values.get("members", [])) != sorted(members):
                raise SmokeError(f"The role {role} has not kept its members.")

    def log_workers_in(self) -> None:
        """Each logs in, and sees the own screens only."""
        for worker in self.workers:
            page = worker.browser.log_in(worker.email).expect_texts(self.company, "My tasks")
            if "Workflows" in page.text or "People" in page.text:
                raise SmokeError(f"{worker.name} is shown screens of other roles.")

    # --- the ticket

    def submit(self) -> None:
        """She submits an invoice; the first time without its amount, which is refused."""
        page = self.founder.get(self.founder.get("/app/").link("Submit a ticket"))
        form = self.founder.get(page.link("Invoice")).form("title", "answers-amount")
        answers: dict[str, str | list[str]] = {
            "title": "Chairs for the meeting room",
            "answers-creditor": "Bürobedarf Bennett",
            "answers-invoice_number": "BB-4711",
            "answers-category": "Misc",
        }
        page = self.founder.send(form, answers)
        form = page.form("title", "answers-amount")
        if form.values.get("answers-creditor") != ["Bürobedarf Bennett"]:
            raise SmokeError("What was typed is lost where an answer is missing.")
        page = self.founder.send(
            form, {"answers-amount": "312.50"}, files={"answers-invoice_document": self.document}
        )
        self.ticket = page.path
        self.number = "#" + self.ticket.split("/")[-3]
        page.expect_texts(f"Its number is {self.number}.", "In progress", "Bürobedarf Bennett")
        self.file = page.link(self.document.name)

    def find_in_my_tickets(self) -> None:
        """It stands in My tickets, with who has its task."""
        page = self.founder.get(self.founder.get("/app/").link("My tickets"))
        page.expect_texts(self.number, "Chairs for the meeting room", "Approve the invoice, with ")
        if self.founder.download(self.file) != self.document.read_bytes():
            raise SmokeError("The document that comes back is not the one that was uploaded.")

    def reject(self) -> None:
        """The approver sees the document, and does not approve."""
        worker = self._who_has("Approve the invoice")
        page = self._open_task(worker, "Approve the invoice")
        page.expect_texts("Bürobedarf Bennett")
        if worker.browser.download(page.link(self.document.name)) != self.document.read_bytes():
            raise SmokeError("The approver does not get the document that was uploaded.")
        answers = {"approved": "false", "comment": "How many chairs were it?"}
        self._complete(worker, "Approve the invoice", answers)

    def clarify(self) -> None:
        """The team assistant reads why, and clarifies it."""
        worker = self._who_has("Clarify the invoice")
        self._open_task(worker, "Clarify the invoice").expect_texts("How many chairs were it?")
        answers = {"clarified": "true", "review_comment": "Five, at 62.50 each."}
        self._complete(worker, "Clarify the invoice", answers)

    def approve(self) -> None:
        """Back with an approver, it is approved."""
        worker = self._who_has("Approve the invoice")
        self._complete(worker, "Approve the invoice", {"approved": "true"})

    def transfer(self) -> None:
        """The accountant pays it."""
        worker = self._who_has("Prepare the bank transfer")
        answers = {"transfer_reference": "TR-2026-0815"}
        self._complete(worker, "Prepare the bank transfer", answers)

    def wait_for_the_call(self) -> None:
        """The worker process calls the accounting system, and the ticket ends."""
        deadline = time.monotonic() + CALL_SECONDS
        while "Completed" not in (page := self.founder.get(self.ticket)).text:
            if time.monotonic() > deadline:
                raise SmokeError(f"{self.ticket} is not completed.{page.beginning()}")
            time.sleep(0.1)
        page.expect_texts("Completed", "invoice processed", "Archive the invoice was done.")
        if "<svg" not in page.html:
            raise SmokeError(f"{self.ticket} has no picture.")

    def check_archive(self) -> None:
        """It has gone from Active to Archive; a ticket admin sees it and what the call answered."""
        page = self.founder.get(self.founder.get("/app/").link("My tickets"))
        if self.number in page.text:
            raise SmokeError("A completed ticket still stands among the active ones.")
        self.founder.get(page.link("Archive")).expect_texts(self.number)
        page = self.founder.get(self.founder.get("/app/").link("All tickets"))
        self.founder.get(page.link(self.number)).expect_texts("TR-2026-0815", "ACC-")

    def check_other_company(self) -> None:
        """Somebody with every role in another company sees none of it."""
        outsider, company = Browser(self.address), f"Other {self.stamp}"
        try:
            page = self._sign_up(outsider, company, f"charlie-{self.stamp}@other.example")
            page.expect_texts(company)
            all_tickets = outsider.get(page.link("All tickets"))
            if "Chairs" in all_tickets.text or self.company in all_tickets.text:
                raise SmokeError("Another company's person sees the ticket in a list.")
            admins = self.ticket.replace("/myticket/", "/ticket/")
            for address in (self.ticket, admins, urlsplit(self.file).path):
                if self.founder.status(address) != 200:
                    raise SmokeError(f"{address} is not there for its own company.")
                if (status := outsider.status(address)) != 404:
                    raise SmokeError(f"{address} answers another company with {status}, not 404.")
        finally:
            outsider.close()

    # --- what the steps share

    def _worker(self, first_name: str, *company_roles: str) -> Worker:
        email = f"{first_name.lower()}-{self.stamp}@smoke.example"
        return Worker(first_name, company_roles, email, Browser(self.address))

    def _sign_up(self, browser: Browser, company: str, email: str) -> Page:
        form = browser.get("/sign-up/").form("company_name", "password")
        names = {"company_name": company, "first_name": "Fiona", "last_name": "Founder"}
        return browser.send(form, {**names, "email": email, "password": PASSWORD})

    def _who_has(self, task: str) -> Worker:
        """The worker whom the submitter sees as having the task."""
        text = self.founder.get("/app/tickets/myticket/").text
        for worker in self.workers:
            if f"{task}, with {worker.name}" in text:
                return worker
        raise SmokeError(f"My tickets does not say that a worker has the task {task}: {text}")

    def _open_task(self, worker: Worker, task: str) -> Page:
        inbox = worker.browser.get(worker.browser.get("/app/").link("My tasks"))
        return worker.browser.get(inbox.link(task))

    def _complete(self, worker: Worker, task: str, answers: Mapping[str, str]) -> None:
        values = {f"answers-{name}": value for name, value in answers.items()}
        page = worker.browser.send(self._open_task(worker, task).form(*values), values)
        page.expect_texts(f"“{task}” of ticket {self.number} is done.")

    STEPS: tuple[tuple[str, Callable[[Walk], None]], ...] = (
        ("A visitor finds the landing page", visit),
        ("A company signs up", sign_up),
        ("Its founder logs out and in again", log_out_and_in),
        ("She imports the invoice workflow: upload, preview, draft", import_bundle),
        ("She publishes it", publish),
        ("She adds three workers", add_people),
        ("She puts them into the company roles", fill_roles),
        ("They log in", log_workers_in),
        ("She submits an invoice with a document", submit),
        ("She finds it in My tickets", find_in_my_tickets),
        ("The approver whom it was given to rejects it", reject),
        ("The team assistant clarifies it", clarify),
        ("An approver approves it", approve),
        ("The accountant pays it", transfer),
        ("The worker process archives it; the ticket is completed", wait_for_the_call),
        ("It stands in the archive and among all tickets", check_archive),
        ("Another company sees nothing of it", check_other_company),
    )


def walk(address: str, folder: Path) -> None:
    """Take each step, with a line and its time. Raises SmokeError at the first that fails.

    The folder takes the document that is uploaded.
    """
    path = Walk(address, folder)
    try:
        for title, take in Walk.STEPS:
            start = time.monotonic()
            try:
                take(path)
            except (SmokeError, httpx.HTTPError) as error:
                raise SmokeError(f"{title}: {error}") from error
            print(f"ok {time.monotonic() - start:6.2f} s  {title}", flush=True)
    finally:
        path.close()


def main() -> int:
    """Start servers on a free port and a folder of their own, walk, and clean up. 0 or 1."""
    folder = Path(tempfile.mkdtemp(prefix="ticketflower-smoke-"))
    start = time.monotonic()
    failure = ""
    with data_in(folder):
        servers = Servers(port=free_port(), show_output=False)
        try:
            servers.claim()
            servers.prepare()
            servers.start()
            walk(servers.address, folder)
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
def data_in(folder: Path) -> Iterator[None]:
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
