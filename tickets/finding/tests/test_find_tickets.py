"""Words in any order, parts of words, people, numbers; and words that many tickets have."""

from __future__ import annotations

from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tickets.finding import find_tickets as finding
from tickets.finding import where_found as where
from tickets.finding.find_tickets import Found, Scope, SearchTooWideError, find_tickets
from tickets.finding.plain_text import plain_in_sql, plain_text
from tickets.finding.query import read_query
from tickets.finding.tests.test_visibility import ALL, MINE, TASKS, FindingCase
from tickets.finding.where_found import where_found
from tickets.models import Ticket
from workflows.models import WorkflowStatus

# In the place of what looks for a word.
_SLOW_WORDS = "SELECT 1 FROM pg_sleep(0.06) WHERE %s <> '' LIMIT %s"


class FindTests(FindingCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        with connection.cursor() as cursor:  # a small number is the beginning of what is written
            number = "7000 + nextval('tickets_ticket_id_seq')"
            cursor.execute(f"SELECT setval('tickets_ticket_id_seq', {number})")
        self.desk = self.submit(what="Ein höhenverstellbarer Schreibtisch für 1.000,50 Euro")
        self.chair = self.submit(what="A chair (model X-12/b), ask jo.doe@shop.example")
        self.say(self.desk, self.uma, "For the office in Zürich", public=True)
        self.complete(self.chair, told="Ordered", kept="Zürich is full")

    def find(self, typed: str, scope: Scope = Scope.TEAM) -> Found:
        return find_tickets(read_query(typed), tickets=Ticket.objects.all(), scope=scope)

    def numbers(self, typed: str, scope: Scope = Scope.TEAM) -> list[int]:
        return sorted(self.find(typed, scope).numbers)

    def test_what_people_type(self) -> None:
        desk, chair = self.desk.pk, self.chair.pk
        for typed, expected in {
            "schreibtisch": [desk],
            "SCHREIB": [desk],
            "hohenverstellbar": [desk],
            "höhenverstellbar": [desk],
            "verstellbar": [desk],
            "zurich": [desk, chair],
            "Zürich Schreibtisch": [desk],
            "chair zürich": [chair],
            '"office in zurich"': [desk],
            '"in office zurich"': [],
            "zurich -office": [chair],
            "-office": [chair],
            "schreibtisch OR chair": [desk, chair],
            "schreibtisch OR chair office": [desk],
            "1.000,50": [desk],
            "100050": [desk],
            "x-12/b": [chair],
            "12/b": [chair],
            "jo.doe@shop.example": [chair],
            "shop.example": [chair],
            "uma": [desk, chair],
            "urban": [desk, chair],
            "uma@acme.example": [desk, chair],
            "wendy chair": [chair],
            "uma -chair": [desk],
            f"#{desk}": [desk],
            f"ACME-{desk}": [desk],
            "nowhere": [],
            "schreibtisch nowhere": [],
            "' OR 7=7 --": [],
            "%": [],
            "\\": [],
            "a' | b:*": [chair],
        }.items():
            with self.subTest(typed):
                self.assertEqual(self.numbers(typed), expected)

    def test_without_the_index_of_parts_words_are_found_by_their_beginnings(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS search_entry_parts")
        self.assertEqual(self.numbers("schreib"), [self.desk.pk])
        self.assertEqual(self.numbers("verstellbar"), [])

    def test_the_server_of_the_tests_finds_parts(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('acme.search_entry_parts') IS NOT NULL")
            self.assertEqual(cursor.fetchone(), (True,))

    def test_words_that_many_tickets_have(self) -> None:
        more = [self.submit(what=f"Ein Stuhl {n} Schreibtisch") for n in range(4)]
        newest = [each.pk for each in more][::-1]
        with (
            mock.patch.object(finding, "MOST_ENTRIES", 2),
            mock.patch.object(finding, "MOST_LISTED", 3),
        ):
            cut = self.find("schreibtisch")
            self.assertEqual((list(cut.numbers), cut.is_cut), (newest[:3], True))
            both = self.find("schreibtisch ein")
            self.assertEqual((list(both.numbers), both.is_cut), (newest[:3], True))
            one = self.find("schreibtisch office")
            self.assertEqual((list(one.numbers), one.is_cut), ([self.desk.pk], False))
            self.assertEqual(self.numbers("schreibtisch nowhere"), [])
            self.assertEqual(self.numbers("schreibtisch -stuhl"), [self.desk.pk])
            ended = Ticket.objects.filter(workflow_instance__status=WorkflowStatus.COMPLETED)
            found = find_tickets(read_query("schreibtisch"), tickets=ended, scope=Scope.TEAM)
            self.assertEqual((found.numbers, found.is_cut), ((), False))
            self.assertEqual(self.found(self.terry, "schreibtisch", ALL), sorted(newest[:3]))
            self.assertIn("The newest 3 are listed", self.page)

    def test_more_parts_of_words_than_are_read_are_said(self) -> None:
        for number in range(3):
            self.submit(what=f"Ein Reisebuch {number}")
        with mock.patch.object(finding, "MOST_ENTRIES", 2):
            cut = self.find("isebuc")
            self.assertEqual((cut.is_cut, cut.lacks_parts), (True, True))
            self.found(self.terry, "isebuc", ALL)
            self.assertIn("a part of more words than are looked through", self.page)
            whole = self.find("höhenverst")
            self.assertEqual((whole.is_cut, whole.lacks_parts), (False, False))

    def test_what_a_requester_is_shown_does_not_depend_on_what_others_have(self) -> None:
        """Neither on internal notes nor on tickets of others, where these are too many to read."""
        theirs = [self.submit(what=f"Ein Reisebuch {number}").pk for number in range(3)]
        Ticket.objects.filter(pk__in=theirs).update(created_by=self.walt)
        mine = self.submit(what="Ein Reisebuch")
        for number in range(3):
            self.say(mine, self.terry, f"Ein Lesebuch, ein Reisebuch {number}", public=False)
        tickets = Ticket.objects.submitted_by(self.uma)
        with mock.patch.object(finding, "MOST_ENTRIES", 1):
            for typed, expected in (("isebuc", (mine.pk,)), ("esebuc", ())):
                found = find_tickets(read_query(typed), tickets=tickets, scope=Scope.REQUESTER)
                self.assertEqual((found.numbers, found.is_cut), (expected, False), typed)
            nothing = find_tickets(
                read_query("isebuc"), tickets=tickets.none(), scope=Scope.REQUESTER
            )
            self.assertEqual(nothing.numbers, ())

    def test_all_statements_of_a_search_have_one_deadline(self) -> None:
        slow = "SELECT 1, 1 FROM pg_sleep(0.06) WHERE %s::text[] IS NULL OR %s <> '' OR %s < 0"
        with (
            mock.patch.object(finding, "MILLISECONDS", 100),
            mock.patch.object(finding, "_LEEWAY", 1),
            mock.patch.object(finding, "_PEOPLE", slow),
            mock.patch.object(finding, "_of_words", return_value=_SLOW_WORDS),
            self.assertRaises(SearchTooWideError),
        ):
            self.find("chair")

    def test_each_line_is_made_plain_once_and_letters_are_bounded(self) -> None:
        query = read_query("schreibtisch euro fur ein hohenverstellbarer")
        found = self.find("schreibtisch")
        with mock.patch.object(where, "plain_text", wraps=plain_text) as made:
            hits = where_found(query, [self.desk], found=found, scope=Scope.TEAM)
            self.assertIn("Schreibtisch", hits[self.desk.pk].text)
            lines = [call.args[0] for call in made.call_args_list]
            self.assertEqual(len(lines), len(set(lines)))
        with mock.patch.object(where, "MOST_LETTERS", 10):
            self.assertEqual(where_found(query, [self.desk], found=found, scope=Scope.TEAM), {})

    def test_people_are_found_whatever_letters_their_names_have(self) -> None:
        ticket = self.submit(what="Nothing")
        for name, typed in {
            "Weiß": "weiss", "Søren": "soren", "Łukasz": "lukasz", "Đorđe": "dorde",
            "Ægir": "aegir", "Œuvrard": "oeuvrard", "Þór": "thor", "GROẞ": "gross",
            "İnci": "inci", "Y\u0131ld\u0131z": "yildiz", "がく": "かく", "Élodie": "elodie",
        }.items():  # fmt: skip
            with self.subTest(name):
                self.uma.first_name = name
                self.uma.save()
                for each in (name, name.casefold(), typed):
                    self.assertIn(ticket.pk, self.numbers(each), each)

    def test_names_are_made_plain_in_the_database_as_everywhere(self) -> None:
        latin = [chr(code) for code in range(0x21, 0x250)]
        others = [chr(code) for code in (*range(0x1E00, 0x1F00), *range(0x3041, 0x3100))]
        letters = [each for each in (*latin, *others) if each.isalpha()]
        # Which letters a locale knows as capitals is its own: these have no parts.
        letters += [chr(code) for code in (*range(0x3B1, 0x3CA), *range(0x430, 0x450))]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT letter, {plain_in_sql('letter')} FROM unnest(%s::text[]) AS letter",
                [letters],
            )
            plain = dict(cursor.fetchall())
        wrong = {each: (plain[each], plain_text(each)) for each in letters}
        wrong = {each: both for each, both in wrong.items() if both[0] != both[1]}
        self.assertEqual(wrong, {})

    def test_what_takes_too_long_is_said_on_the_page(self) -> None:
        slow = "SELECT 1, 1 FROM pg_sleep(5) WHERE %s::text[] IS NULL OR %s <> '' OR %s > 0"
        with (
            mock.patch.object(finding, "MILLISECONDS", 50),
            mock.patch.object(finding, "_PEOPLE", slow),
        ):
            with self.assertRaises(SearchTooWideError):
                self.find("chair")
            self.log_in(self.terry)
            page = self.client.get(reverse("admin:tickets_ticket_changelist"), {"q": "chair"})
            self.assertContains(page, "This search takes too long")
            palette = self.client.get(reverse("admin:search"), {"s": "chair"})
            self.assertEqual(palette.status_code, 200)

    def test_every_list_takes_whatever_is_typed(self) -> None:
        for typed in ("\x00", "'" * 300, '"', "-", "OR", "😀", "a" * 5_000, "x " * 2_000, "-x"):
            for person, screen in ((self.terry, ALL), (self.uma, MINE), (self.wendy, TASKS)):
                with self.subTest(typed=typed[:10], screen=screen):
                    self.found(person, typed, screen)

    def test_filters_tabs_and_pages_hold(self) -> None:
        ended = {"archive": "1"}
        self.assertEqual(self.found(self.uma, "zurich", MINE), [self.desk.pk])
        self.assertEqual(self.found(self.uma, "zurich", MINE, **ended), [])
        self.assertEqual(self.found(self.uma, "chair", MINE), [self.chair.pk])
        done = self.found(self.wendy, "chair", TASKS, **ended)
        self.assertEqual(done, [self.chair.pk])
        status = WorkflowStatus.COMPLETED.value
        self.assertEqual(self.found(self.terry, "zurich", ALL, status=status), [])

    def test_the_pool_is_searched_by_what_it_shows(self) -> None:
        self.wendy.is_available = False
        self.wendy.save()
        pooled = self.submit(what="A lamp")
        self.assertEqual(self.found(self.walt, f"#{pooled.pk}", TASKS, pool="1"), [pooled.pk])
        self.assertEqual(self.found(self.walt, "check it", TASKS, pool="1"), [pooled.pk])
        self.assertEqual(self.found(self.walt, "lamp", TASKS, pool="1"), [])
        self.say(pooled, self.terry, "Cinnamon", public=False)
        self.assertEqual(self.found(self.walt, "cinnamon", TASKS, pool="1"), [])

    def test_its_statements_do_not_grow_with_what_is_found(self) -> None:
        def statements(typed: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                self.found(self.terry, typed, ALL)
            return len(queries)

        statements("schreibtisch")
        few = statements("schreibtisch")
        for number in range(6):
            self.submit(what=f"Schreibtisch {number}")
        self.assertLessEqual(statements("schreibtisch"), few)
