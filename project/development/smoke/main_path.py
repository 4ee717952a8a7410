"""The main path: from a visitor to a completed ticket, which no other company sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from project.development.smoke.browsing import PASSWORD, Browser, Page, SmokeError
from project.development.smoke.post_office import PostOffice
from project.environment import BASE_DIR

BUNDLE = BASE_DIR / "fixtures" / "invoice.json"
WORKER_SECONDS = 90  # that the worker process gets for what it does at once, or each minute


@dataclass
class Worker:
    """Somebody whom the founder invites, who comes in and carries out tasks."""

    first_name: str
    company_roles: tuple[str, ...]
    email: str
    browser: Browser
    invitation: str = ""  # the address that they came in by

    @property
    def name(self) -> str:
        """As the pages show it."""
        return f"{self.first_name} Worker"


class Walk:
    """The main path. Each step is a method, in the order of STEPS."""

    def __init__(self, address: str, folder: Path, post: PostOffice) -> None:
        self.address, self.post = address, post
        self.stamp = f"{time.time():.0f}"
        self.company = f"Smoke {self.stamp}"
        self.email = f"founder-{self.stamp}@smoke.example"
        self.founder = Browser(address)
        # Two approvers, so that it is up to TicketFlower whom of them it gives a task to.
        self.workers = [
            self.worker("Anna", "Approver"),
            self.worker("Abel", "Approver"),
            self.worker("Tom", "Team Assistant", "Accountant"),
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
        """A company signs up, by a link in a mail, and its first person is logged in."""
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

    def invite_workers(self) -> None:
        """She invites the workers, each by a mail."""
        for worker in self.workers:
            self.invite(worker, "task_worker")

    def fill_roles(self) -> None:
        """The import has made the company roles; she puts the workers into them."""
        self.put_into_roles(self.workers, "Approver", "Team Assistant", "Accountant")

    def put_into_roles(self, people: Sequence[Worker], *roles: str) -> None:
        """Each of the people who is to have one of these company roles."""
        for role in roles:
            page = self.founder.get(self.founder.get("/app/").link("Company roles"))
            form = self.founder.get(page.link(role)).form("name", "members")
            chosen = [
                f"{each.name} ({each.email})" for each in people if role in each.company_roles
            ]
            members = [form.option("members", name) for name in chosen]
            page = self.founder.send(form, {"members": members}, button="_save")
            form = self.founder.get(page.link(role)).form("name", "members")
            if sorted(form.values.get("members", [])) != sorted(members):
                raise SmokeError(f"The role {role} has not kept its members.")

    def log_workers_in(self) -> None:
        """Each follows the link in the mail, and sees the own screens only."""
        for worker in self.workers:
            page = self.come_in(worker).expect_texts(self.company, "My tasks")
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
        page = self.wait_for(self.founder, self.ticket, "Completed")
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

    def invite(self, person: Worker, *system_roles: str) -> None:
        """The founder invites somebody."""
        form = self.founder.get(self.founder.get("/app/").link("Invite people"))
        values: dict[str, str | list[str]] = {
            "addresses": f"{person.name} <{person.email}>",
            "system_roles": [*system_roles],
        }
        page = self.founder.send(form.form("addresses", "system_roles"), values)
        page.expect_texts(person.email)

    def come_in(self, person: Worker) -> Page:
        """Somebody who was invited follows the link in the mail and chooses a password."""
        link = self.post.link_to(person.email, "/", saying="has invited you")
        form = person.browser.get(link).form("password1", "password2")
        person.invitation = link
        return person.browser.send(form, {"password1": PASSWORD, "password2": PASSWORD})

    def wait_for(self, browser: Browser, address: str, text: str) -> Page:
        """A page, once the worker process has done what makes it show this text."""
        deadline = time.monotonic() + WORKER_SECONDS
        while text not in (page := browser.get(address)).text:
            if time.monotonic() > deadline:
                raise SmokeError(f"{address} does not show {text!r}.{page.beginning()}")
            time.sleep(0.1)
        return page

    def worker(self, first_name: str, *company_roles: str) -> Worker:
        """Somebody of the company, who is not there yet."""
        email = f"{first_name.lower()}-{self.stamp}@smoke.example"
        return Worker(first_name, company_roles, email, Browser(self.address))

    def _sign_up(self, browser: Browser, company: str, email: str) -> Page:
        """By mail: the page only says to look there, and the link in it makes the company."""
        form = browser.get("/sign-up/").form("company_name", "email")
        names = {"company_name": company, "first_name": "Fiona", "last_name": "Founder"}
        browser.send(form, {**names, "email": email}).expect_texts("Look at your mail")
        link = self.post.link_to(email, "/sign-up/", saying="/sign-up/")
        form = browser.get(link).expect_texts(company).form("password")
        return browser.send(form, {"password": PASSWORD})

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
        ("She invites three workers", invite_workers),
        ("They follow the links in the mails", log_workers_in),
        ("She puts them into the company roles", fill_roles),
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
