"""The way by mail: somebody is invited, asked, answers, is told, and says how it was."""

from __future__ import annotations

from collections.abc import Callable

from project.development.smoke.browsing import Browser, Page, SmokeError
from project.development.smoke.main_path import Walk
from project.development.smoke.post_office import text_of
from project.environment import BASE_DIR

BUNDLE = BASE_DIR / "fixtures" / "it_help.json"
QUESTION = "Is it plugged in? Please look behind the desk."
REPLY = "It was not. Now it prints again."
RESULT = "Somebody had pulled the plug."


class MailWalk:
    """In the company of the main path. Each step is a method, in the order of STEPS."""

    def __init__(self, path: Walk) -> None:
        self.path = path
        self.post, self.founder = path.post, path.founder
        self.requester = path.worker("Ursula")
        self.worker = path.worker("Henry", "IT Help Desk")
        self.ticket = self.number = ""

    def close(self) -> None:
        """Drop everybody's connections."""
        for person in (self.requester, self.worker):
            person.browser.close()

    def publish(self) -> None:
        """The founder imports the workflow of the help desk, and publishes it."""
        page = self.founder.get(self.founder.get("/app/").link("Workflows"))
        page = self.founder.get(page.link("Import"))
        page = self.founder.send(page.form("file", "text"), files={"file": BUNDLE}, button="check")
        page = self.founder.send(page.form("file", "text", "apply"), button="apply")
        page = self.founder.send(page.form_to("/publish/"))
        page.expect_texts("Version 1 of “IT help request” is published.")

    def invite(self) -> None:
        """She invites somebody who asks, and somebody who helps, and gives the latter the role."""
        self.path.invite(self.requester, "user")
        self.path.invite(self.worker, "task_worker")

    def come_in(self) -> None:
        """Each follows the link in the mail, which works once, and logs in with the password."""
        for person in (self.requester, self.worker):
            self.path.come_in(person).expect_texts(self.path.company)
            person.browser.send(person.browser.get("/app/").form_to("/logout/"))
            if "password1" in person.browser.get(person.invitation).html:
                raise SmokeError("An invitation can be followed a second time.")
            person.browser.log_in(person.email).expect_texts(self.path.company)
        self.path.put_into_roles([self.worker], "IT Help Desk")

    def submit(self) -> None:
        """The requester submits a ticket."""
        browser = self.requester.browser
        page = browser.get(browser.get("/app/").link("Submit a ticket"))
        form = browser.get(page.link("IT help")).form("title", "answers-summary")
        page = browser.send(
            form,
            {
                "title": "The printer",
                "answers-topic": "hardware",
                "answers-priority": "low",
                "answers-summary": "The printer does not print.",
            },
        )
        self.ticket, self.number = page.path, "#" + page.path.split("/")[-3]
        page.expect_texts(f"Its number is {self.number}.", "In progress")

    def ask(self) -> None:
        """Whose task it is asks the requester, by mail; the task waits meanwhile."""
        page = self._task()
        form = page.form("text", "asks", "visibility")
        asks = form.choices["asks"]
        values: dict[str, str | list[str]] = {"text": QUESTION, "visibility": "PUBLIC"}
        values["asks"] = asks
        self.worker.browser.send(form, values).expect_texts(QUESTION)
        mail = self.post.mail_to(self.requester.email, saying=QUESTION)
        if self.number not in str(mail["Subject"]):
            raise SmokeError(f"The subject does not name the ticket: {mail['Subject']}")

    def reply(self) -> None:
        """The requester answers the mail, which becomes the answer on the ticket."""
        mail = self.post.mail_to(self.requester.email, saying=QUESTION)
        self.post.reply(mail, REPLY)
        self.path.wait_for(self.requester.browser, self.ticket, REPLY)
        if "On Sun, 3 May 2026" in self.requester.browser.get(self.ticket).text:
            raise SmokeError("What the mail quotes stands on the ticket, too.")

    def complete(self) -> None:
        """The task has come back with the answer, and is done."""
        page = self._task().expect_texts(REPLY)
        values = {"answers-outcome": "answered", "answers-answer": RESULT}
        page = self.worker.browser.send(page.form(*values), values)
        page.expect_texts(f"“Sort the request” of ticket {self.number} is done.")

    def be_told(self) -> None:
        """The requester is mailed the answer."""
        mail = self.post.mail_to(self.requester.email, saying=RESULT)
        if "How satisfied" not in text_of(mail):
            raise SmokeError(f"The mail does not ask how it was: {text_of(mail)}")

    def rate(self) -> None:
        """One click in the mail, without logging in, and one on the page; the admins see it."""
        link = self.post.link_to(self.requester.email, r"/rate\S*/", saying=RESULT)
        browser = Browser(self.path.address)
        try:
            form = browser.get(link).form("score")
            score = form.buttons[0][1]
            page = browser.send(form, button="score")
            page.expect_texts("Thank you for saying so.")
        finally:
            browser.close()
        if score != "GOOD":
            raise SmokeError(f"The score that was clicked does not come first, but {score}.")
        page = self.founder.get(self.founder.get("/app/").link("All tickets"))
        self.founder.get(page.link("Ratings")).expect_texts(self.number)

    # --- what the steps share

    def _task(self) -> Page:
        browser = self.worker.browser
        return browser.get(
            browser.get(browser.get("/app/").link("My tasks")).link("Sort the request")
        )

    STEPS: tuple[tuple[str, Callable[[MailWalk], None]], ...] = (
        ("The founder publishes the workflow of the help desk", publish),
        ("She invites a requester and a helper", invite),
        ("They follow the links in the mails, and log in", come_in),
        ("The requester submits a ticket", submit),
        ("The helper asks the requester, who gets a mail", ask),
        ("The reply by mail becomes the answer", reply),
        ("The task has come back, and is done", complete),
        ("The requester is mailed the answer", be_told),
        ("The requester rates it from the mail", rate),
    )
