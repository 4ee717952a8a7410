"""Views of lists: saved, shown above them, shared by ticket admins, bounded."""

from __future__ import annotations

from unittest.mock import patch

from django.test import SimpleTestCase
from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.roles import SystemRole
from tenants.services import set_system_roles
from tenants.testing import CompanyTestCase
from tickets.finding.pages.filters import _PeopleFilter
from tickets.models import ListOfViews, SavedView
from tickets.saved_views import save_view as saving
from tickets.saved_views.errors import (
    MayNotShareViewError,
    TooManyViewsError,
    ViewNamelessError,
    ViewOfSomebodyElseError,
    ViewTooLongError,
)
from tickets.saved_views.save_view import (
    PEOPLE_PARAMETERS,
    change_view,
    delete_view,
    normal_query,
    save_view,
    with_people,
)

LIST = reverse("admin:tickets_ticket_changelist")
SAVE = reverse("admin:tickets_savedview_save")


class ViewTests(CompanyTestCase):
    def test_a_view_is_saved_shown_and_deleted(self) -> None:
        self.log_in(self.terry)
        query = "status=ON_HOLD&o=-1"
        self.assertContains(self.client.get(f"{LIST}?{query}"), "Save this view")
        sent = {"of": "ALL_TICKETS", "name": "Waiting", "query": f"{query}&p=3", "shared": "1"}
        page = self.client.post(SAVE, sent, follow=True)
        view = SavedView.objects.get()
        self.assertEqual((view.query, view.is_shared), ("o=-1&status=ON_HOLD", True))
        self.assertContains(page, "Delete this view")
        self.client.post(reverse("admin:tickets_savedview_delete", args=(view.pk,)))
        self.assertFalse(SavedView.objects.exists())

    def test_ones_own_is_nobody_elses(self) -> None:
        view = save_view(of=ListOfViews.MY_TASKS, name="Late", query="o=6", user=self.wendy)
        page = reverse("admin:tickets_mytask_changelist")
        self.log_in(self.wendy)
        self.assertContains(self.client.get(page), "Late")
        self.log_in(self.walt)
        self.assertNotContains(self.client.get(page), "Late")
        address = reverse("admin:tickets_savedview_delete", args=(view.pk,))
        self.assertEqual(self.client.post(address).status_code, 404)
        self.log_in(self.charlie)
        self.assertEqual(self.client.post(address).status_code, 404)

    def test_who_may_is_asked_of_what_stands_in_the_database(self) -> None:
        """A ticket admin has made it their own since it was read."""
        read = save_view(
            of=ListOfViews.MY_TASKS, name="A", query="", user=self.terry, is_shared=True
        )
        change_view(view=read, name="A", is_shared=False, user=self.terry)
        set_system_roles(user=self.wendy, roles=[SystemRole.TICKET_ADMIN])
        with self.assertRaises(ViewOfSomebodyElseError):
            change_view(view=read, name="B", is_shared=False, user=self.wendy)
        with self.assertRaises(ViewOfSomebodyElseError):
            delete_view(view=read, user=self.wendy)
        self.assertEqual(SavedView.objects.get().name, "A")

    def test_only_ticket_admins_share_and_only_for_lists_that_one_sees(self) -> None:
        with self.assertRaises(MayNotShareViewError):
            save_view(of=ListOfViews.MY_TASKS, name="A", query="", user=self.wendy, is_shared=True)
        self.log_in(self.wendy)
        for of in ("ALL_TICKETS", "MY_TICKETS", "nothing", ""):
            with self.subTest(of=of):
                self.assertEqual(self.client.post(SAVE, {"of": of, "name": "A"}).status_code, 404)
        shared = save_view(
            of=ListOfViews.MY_TASKS, name="A", query="", user=self.terry, is_shared=True
        )
        self.client.post(reverse("admin:tickets_savedview_delete", args=(shared.pk,)))
        self.assertTrue(SavedView.objects.filter(pk=shared.pk).exists())

    def test_a_view_is_renamed_and_shared_and_ones_own_again(self) -> None:
        view = save_view(of=ListOfViews.ALL_TICKETS, name="A", query="o=1", user=self.terry)
        change = reverse("admin:tickets_savedview_edit", args=(view.pk,))
        self.log_in(self.terry)
        self.assertContains(self.client.get(f"{LIST}?o=1"), change)
        page = self.client.post(change, {"name": " B ", "shared": "1"}, follow=True)
        self.assertRedirects(page, f"{LIST}?o=1")
        view.refresh_from_db()
        self.assertEqual((view.name, view.is_shared), ("B", True))
        save_view(of=ListOfViews.ALL_TICKETS, name="C", query="o=2", user=self.terry)
        for name, text in (("C", "already a view of this name"), (" ", "name")):
            self.assertContains(self.client.post(change, {"name": name}, follow=True), text)
        self.client.post(change, {"name": "B"})
        view.refresh_from_db()
        self.assertEqual((view.name, view.is_shared, view.owner), ("B", False, self.terry))
        kinds = AuditEvent.objects.filter(kind="tickets.view_changed")
        self.assertEqual(kinds.count(), 2)

    def test_only_ticket_admins_change_what_is_everybodys(self) -> None:
        own = save_view(of=ListOfViews.MY_TASKS, name="A", query="o=1", user=self.wendy)
        shared = save_view(
            of=ListOfViews.MY_TASKS, name="B", query="o=2", user=self.terry, is_shared=True
        )
        for view in (own, shared):
            with self.assertRaises(MayNotShareViewError):
                change_view(view=view, name="X", is_shared=True, user=self.wendy)
        with self.assertRaises(MayNotShareViewError):
            change_view(view=shared, name="X", is_shared=False, user=self.wendy)
        change_view(view=own, name="X", is_shared=False, user=self.wendy)
        change = reverse("admin:tickets_savedview_edit", args=(own.pk,))
        for person in (self.walt, self.uma, self.charlie):
            self.log_in(person)
            self.assertIn(self.client.post(change, {"name": "Y"}).status_code, (403, 404))
        own.refresh_from_db()
        self.assertEqual(own.name, "X")
        with patch.object(saving, "MOST_OWN", 0), self.assertRaises(TooManyViewsError):
            change_view(view=shared, name="B", is_shared=False, user=self.terry)

    def test_there_are_not_too_many_and_a_name_replaces(self) -> None:
        with patch.object(saving, "MOST_OWN", 1):
            first = save_view(of=ListOfViews.MY_TASKS, name="A", query="o=1", user=self.wendy)
            save_view(of=ListOfViews.MY_TASKS, name="A", query="o=2", user=self.wendy)
            first.refresh_from_db()
            self.assertEqual(first.query, "o=2")
            with self.assertRaises(TooManyViewsError):
                save_view(of=ListOfViews.MY_TASKS, name="B", query="", user=self.wendy)
        with self.assertRaises(ViewNamelessError):
            save_view(of=ListOfViews.MY_TASKS, name=" \x00", query="", user=self.wendy)

    def test_a_query_is_kept_as_one_whatever_is_typed(self) -> None:
        self.assertEqual(normal_query("?b=1&a=%C3%A4&p=2&_x=1&e=1"), "a=%C3%A4&b=1")
        for odd in ("a=%00", "\ud800=1", "//evil.example"):
            with self.subTest(query=odd):
                self.assertNotIn("\x00", normal_query(odd))

    def test_a_query_that_is_too_long_is_refused_and_shown_again(self) -> None:
        many = "&".join(f"column=c{number}&status=OPEN" for number in range(26))
        with self.assertRaises(ViewTooLongError):
            save_view(of=ListOfViews.MY_TASKS, name="A", query=many, user=self.wendy)
        self.log_in(self.wendy)
        tasks = reverse("admin:tickets_mytask_changelist")
        page = self.client.get(f"{tasks}?{'&'.join(51 * ['q=desk'])}")
        self.assertContains(page, "Save this view")
        sent = {"of": "MY_TASKS", "name": "A", "query": page.context["views_bar"].query}
        page = self.client.post(SAVE, sent, follow=True)
        self.assertRedirects(page, f"{tasks}?{sent['query']}")
        self.assertContains(page, "This view cannot be saved")
        for odd in ("\r\nX: y&" * 60, "\x00", "//evil.example/" * 300, "\u20ac=1&" * 60):
            with self.subTest(query=odd):
                answer = self.client.post(SAVE, {**sent, "name": "", "query": odd})
                self.assertTrue(answer.headers["Location"].startswith(f"{tasks}?"))
        self.assertFalse(SavedView.objects.exists())


class WithPeopleTests(SimpleTestCase):
    def test_people_get_their_other_numbers(self) -> None:
        for query, expected in (
            ("due=overdue", "due=overdue"),
            ("o=-1&worker=17", "o=-1&worker=5"),
            ("submitter=17&worker=99&q=a+b", "submitter=5&q=a+b"),
            ("worker=&worker=x&worker=%C2%B2", ""),
            ("&".join(["worker=17"] * 99), ""),
            ("", ""),
        ):
            with self.subTest(query):
                self.assertEqual(with_people(query, {17: 5}), expected)

    def test_each_filter_that_names_people_is_known(self) -> None:
        filters = _PeopleFilter.__subclasses__()
        self.assertEqual({each.parameter_name for each in filters}, PEOPLE_PARAMETERS)
