from __future__ import annotations

from unittest import mock

from django.core.cache import cache
from django.test import SimpleTestCase
from django.urls import reverse

from project.admin_site import navigation
from project.admin_site.navigation import current_url, sections, sidebar
from tenants.connection import use_company
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase, request_as
from workflows.models import TaskInstance


class NavigationTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        cache.clear()

    def titles(self, user: User, *, path: str = "/app/") -> list[str]:
        request = request_as(user)
        request.path = path
        return [str(item["title"]) for group in sidebar(request) for item in group["items"]]

    def test_each_role_has_its_own_screens_and_no_others(self) -> None:
        expected = {
            self.uma: ["Dashboard", "Submit a ticket", "My tickets"],
            self.wendy: ["Dashboard", "Submit for somebody", "My tasks", "Canned replies"],
            # A ticket admin looks up how it should have gone.
            self.terry: [
                *(
                    "Dashboard",
                    "Submit for somebody",
                    "All tickets",
                    "All tasks",
                    "Ticket errors",
                    "Canned replies",
                    "Report",
                    "People outside",
                ),
                *("Workflows", "Task definitions", "Ticket types", "Recurring starts"),
            ],
            # A creator looks the names of company roles up: workflows name them.
            self.carla: [
                *(
                    "Dashboard",
                    "Workflows",
                    "Task definitions",
                    "Ticket types",
                    "Gallery",
                    "Describe your process",
                    "Import",
                    "Recurring starts",
                ),
                "Company roles",
            ],
            self.alice: [
                *(
                    "Dashboard",
                    "Report",
                    "People outside",
                    "People",
                    "Company roles",
                    "Audit log",
                    "Working hours",
                ),
                *("Ticket numbers", "Mails", "Signing secret", "Webhooks", "Second factors"),
                *("Identity provider", "Export and deletion"),
                "Limits and use",
            ],
        }
        for person, titles in expected.items():
            with self.subTest(person):
                self.assertEqual(self.titles(person), titles)

    def test_somebody_without_a_role_has_the_dashboard(self) -> None:
        self.uma.groups.clear()
        self.assertEqual(self.titles(User.objects.get(pk=self.uma.pk)), ["Dashboard"])

    def test_several_roles_add_up(self) -> None:
        self.give_role(self.wendy, SystemRole.USER)
        self.assertEqual(
            self.titles(self.wendy),
            [
                *("Dashboard", "Submit a ticket", "Submit for somebody", "My tickets", "My tasks"),
                "Canned replies",
            ],
        )

    def test_a_superuser_outside_a_company_has_nothing_of_a_company(self) -> None:
        self.assertEqual(
            self.titles(self.root),
            [
                "Dashboard",
                "Companies",
                "People and superusers",
                "Audit log of the installation",
                "Mails of the installation",
                "Invite a company",
                "Restore a company",
            ],
        )

    def test_a_superuser_inside_a_company_has_everything_once(self) -> None:
        request = request_as(self.root, self.acme)
        request.path = "/app/"
        titles = [str(item["title"]) for group in sidebar(request) for item in group["items"]]
        self.assertEqual(len(titles), len(set(titles)))
        self.assertIn("Companies", titles)
        self.assertIn("All tickets", titles)

    def test_every_screen_that_is_offered_opens(self) -> None:
        for person in (self.uma, self.wendy, self.terry, self.carla, self.alice, self.root):
            self.log_in(person)
            request = request_as(person)
            request.path = "/app/"
            for group in sidebar(request):
                for item in group["items"]:
                    with self.subTest(person=person, screen=item["link"]):
                        page = self.client.get(item["link"], follow=True)
                        self.assertEqual(page.status_code, 200)

    def test_what_is_not_offered_is_refused(self) -> None:
        for person in (self.uma, self.wendy, self.terry, self.carla, self.alice):
            self.log_in(person)
            request = request_as(person)
            request.path = "/app/"
            offered = {item["link"] for group in sidebar(request) for item in group["items"]}
            everything = {reverse(e.url_name) for section in sections() for e in section.entries}
            for screen in everything - offered:
                with self.subTest(person=person, screen=screen):
                    self.assertIn(self.client.get(screen).status_code, (403, 404))

    def test_the_page_shows_it(self) -> None:
        self.log_in(self.uma)
        response = self.client.get("/app/")
        self.assertContains(response, reverse("admin:tickets_myticket_submit"))
        self.assertNotContains(response, reverse("admin:tickets_ticket_changelist"))

    def test_a_badge_is_counted_once_in_a_while(self) -> None:
        tasks = TaskInstance.objects
        with mock.patch.object(tasks, "inbox", wraps=tasks.inbox) as inbox:
            self.titles(self.wendy)
            self.titles(self.wendy)
        self.assertEqual(inbox.call_count, 1)

    def test_a_badge_stays_in_its_company(self) -> None:
        """A superuser who walks from one company into another sees each one's own count."""
        counts = iter((3, 7))

        def count(_user: User) -> int:
            return next(counts)

        self.assertEqual(navigation.cached_count("errors", count, self.root), 3)
        use_company(self.globex)
        self.assertEqual(navigation.cached_count("errors", count, self.root), 7)
        use_company(self.acme)
        self.assertEqual(navigation.cached_count("errors", count, self.root), 3)


class CurrentUrlTests(SimpleTestCase):
    URLS = ["/app/", "/app/tickets/myticket/", "/app/tickets/myticket/submit/"]

    def test_the_longest_match_is_the_one(self) -> None:
        cases = {
            "/app/": "/app/",
            "/app/tickets/myticket/": "/app/tickets/myticket/",
            "/app/tickets/myticket/7/change/": "/app/tickets/myticket/",
            "/app/tickets/myticket/submit/": "/app/tickets/myticket/submit/",
            "/app/password_change/": "",
        }
        for path, expected in cases.items():
            self.assertEqual(current_url(path, self.URLS), expected, path)
