"""Every page there is, looked at by axe-core: light and dark, wide and at 360 pixels.

The pages are those of the isolation test: read from the URL configuration, each with an example of
what it shows. So a new one is looked at the day it appears.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from urllib.parse import urlsplit

from django.contrib.auth.models import Group
from django.core.signing import dumps
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from project.tests import pages as walked
from project.tests.axe import problems_by_view
from project.tests.browser import BrowserTestCase
from project.tests.isolation.examples import Examples
from project.tests.isolation.kinds_of_pages import FOR_VISITORS
from tenants.account import changing_address, signing_up
from tenants.account.inviting_companies import invite_company, path_of
from tenants.account.one_time_links import make_mailed_link
from tenants.account.signing_up import SignUp
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import outside
from tenants.testing_tools.examples import long_run_only
from tickets.models import Score, Ticket
from tickets.notices.stop_mail import DIGEST, stop_address
from tickets.rating.rating_link import rating_address
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from tickets.working.complete_task import complete_task
from workflows.models import CompanyRole, TaskInstance, TicketDefinition
from workflows.people.invitations.invite import Invitee, invite

# What is no page for people, or ends the session.
LEFT_OUT = (
    *("logout", "jsi18n", "autocomplete", "callback", "health", "ready", "metrics"),
    "layout_frame",
    *("oauth_token", "oauth_revoke", "oauth_register"),
    *(
        "mcp",
        "mcp_metadata",
        "api_metadata",
        "resource_metadata",
        "server_metadata",
        "llms_txt",
        "described",
        "bundle_schema",
    ),
)


def shown_to_people(page: walked.Page) -> bool:
    """Whether it answers to GET, as far as its class says."""
    methods = getattr(page.kind, "http_method_names", ["get"])
    return "get" in methods and not page.name.endswith(LEFT_OUT)


class AxeTestCase(BrowserTestCase):
    maxDiff = None

    def assert_nothing_found(self, page: Page) -> None:
        found = [
            f"{what} [{'; '.join(sorted(how))}]" for what, how in problems_by_view(page).items()
        ]
        self.assertEqual(found, [], page.url)


@long_run_only
class EveryPageTests(AxeTestCase):
    SECONDS_EACH = 600.0

    def setUp(self) -> None:
        super().setUp()
        self.alice.groups.set(Group.objects.all())
        self.alice = User.objects.get(pk=self.alice.pk)
        self.examples = Examples(self.alice)

    def test_pages_of_a_company(self) -> None:
        self.look_at_all(self.open_window(self.alice), self.addresses(for_visitors=False))

    def test_pages_of_visitors(self) -> None:
        self.look_at_all(self.open_window(), self.addresses(for_visitors=True))

    def test_pages_of_superusers(self) -> None:
        self.look_at_all(self.open_window(self.root), self.addresses(for_visitors=False))

    def addresses(self, *, for_visitors: bool) -> Iterator[str]:
        for each in walked.all_pages():
            if shown_to_people(each) and (each.name in FOR_VISITORS) == for_visitors:
                yield from (each.path(**values) for values in self.examples.for_page(each))

    def look_at_all(self, page: Page, addresses: Iterator[str]) -> None:
        """What several pages share is said once, with the first of them."""
        seen, found = 0, dict[str, str]()
        for address in addresses:
            answer = page.request.get(address)
            self.assertLess(answer.status, 500, address)
            if answer.status != 200 or "<html" not in answer.text()[:2000]:
                continue  # a refusal, a file, or a part of a page
            page.goto(address)
            seen += 1
            for what, how in problems_by_view(page).items():
                found.setdefault(what, f"{address}: {what} [{'; '.join(sorted(how))}]")
        self.assertGreater(seen, 5)
        self.assertEqual(list(found.values()), [])


@long_run_only
class LinkTests(AxeTestCase):
    """What links show that people are sent: of those the pages above know only the refusal."""

    SECONDS_EACH = 60.0

    def test_what_links_show(self) -> None:
        page = self.open_window()
        for path in self.paths():
            answer = page.goto(path)
            assert answer is not None
            self.assertEqual(answer.status, 200, path)
            self.assert_nothing_found(page)

    def paths(self) -> list[str]:
        now, new = timezone.now(), "nina@nobody.example"
        ticket = self.ended_ticket()
        invited = invite(
            people=[Invitee(new)], roles=[SystemRole.USER], company_roles=[], by=self.alice, now=now
        )
        with outside():
            founder = invite_company(email="fay@nobody.example", by=self.root, now=now)
        wanted = SignUp("Nobody", "Fay", "Founder", "fay@nobody.example")
        tokens = {
            "one_time_link": make_mailed_link(person=self.alice),
            "new_address": dumps([self.uma.pk, self.uma.email, new], salt=changing_address._SALT),
            "sign_up_by_mail": dumps(asdict(wanted), salt=signing_up._SALT),
        }
        return [
            invited[0].path,
            path_of(founder),
            *(reverse(name, args=[token]) for name, token in tokens.items()),
            urlsplit(rating_address(ticket.pk, self.uma, Score.GOOD)).path,
            urlsplit(stop_address(self.uma, DIGEST)).path,
        ]

    def ended_ticket(self) -> Ticket:
        """One that uma may rate."""
        workflow = import_fixture("vacation", by=self.carla)
        TicketDefinition.objects.update(asks_rating=True)
        CompanyRole.objects.get(name="Vacation Approver").members.add(self.wendy)
        ticket = submit_ticket(
            definition=workflow.ticket_definitions.get(),
            data={"location": "Spain", "season": "Summer"},
            user=self.uma,
        )
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        complete_task(task=task, output={"approved": "approved"}, user=self.wendy)
        return ticket


class OpenedTests(AxeTestCase):
    """Menus and dialogs, which are there once somebody opens them."""

    def test_what_is_opened(self) -> None:
        page = self.open_window(self.terry)
        page.goto("/app/tickets/ticket/")
        self.assert_nothing_found(page)
        page.get_by_role("button", name="Search").first.click()
        expect(page.locator("#search-input-command")).to_be_visible()
        self.assert_nothing_found(page)
        page.keyboard.press("Escape")
