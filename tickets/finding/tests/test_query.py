"""What was typed, taken apart; and texts as they are compared. No database."""

from __future__ import annotations

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from tickets.finding.plain_text import on_one_line, plain_text, plain_with_places, words_of
from tickets.finding.query import LONGEST_QUERY, MOST_WORDS, Term, read_query
from tickets.finding.where_found import LENGTH, marked


def words(typed: str) -> list[list[str]]:
    return [[term.plain for term in group] for group in read_query(typed).groups]


class QueryTests(SimpleTestCase):
    def test_words_phrases_and_what_is_left_out(self) -> None:
        for typed, expected in {
            "desk  chair": [["desk"], ["chair"]],
            '"a new desk" chair': [["a new desk"], ["chair"]],
            '"unfinished phrase': [["unfinished phrase"]],
            '"Desk"': [["desk"]],
            "desk OR chair lamp": [["desk", "chair"], ["lamp"]],
            "OR desk OR": [["desk"]],
            "Straße ÉTÉ": [["strasse"], ["ete"]],
            "1.000": [["1.000"]],
            "(desk), chair!": [["desk"], ["chair"]],
            "uma@acme.example": [["uma@acme.example"]],
            "- -- \"\" '' % _ \\ & | ! :*": [],
            "": [],
        }.items():
            with self.subTest(typed):
                self.assertEqual(words(typed), expected)
        left_out = read_query('desk -chair -"old lamp"').excluded
        self.assertEqual([each.plain for each in left_out], ["chair", "old lamp"])

    def test_numbers_of_tickets(self) -> None:
        for typed, number in {
            "123": 123,
            "#123": 123,
            "ACME-123": 123,
            "acme-#7": 7,
            "1.000": None,
            "A1-12": None,
            "12a": None,
            "9" * 30: None,
            "٣": 3,
        }.items():
            with self.subTest(typed):
                self.assertEqual(read_query(typed).terms[0].number, number)

    def test_it_is_bounded(self) -> None:
        query = read_query("x " * 5_000)
        self.assertEqual((len(query.terms), query.is_cut), (MOST_WORDS, True))
        long = read_query("y" * 100_000)
        self.assertEqual((len(long.terms[0].plain), long.is_cut), (LONGEST_QUERY, True))
        self.assertFalse(read_query("a b c").is_cut)

    @given(st.text(max_size=300))
    def test_it_takes_whatever_is_typed(self, typed: str) -> None:
        query = read_query(typed)
        self.assertLessEqual(len(query.terms) + len(query.excluded), MOST_WORDS)
        for term in (*query.terms, *query.excluded):
            self.assertTrue(term.plain)
            self.assertTrue(all(each for each in term.alternatives()))

    @given(st.text(max_size=200))
    def test_each_chunk_of_a_text_finds_it(self, text: str) -> None:
        there = words_of(plain_text(on_one_line(text)))
        for chunk in on_one_line(text).split():
            for term in read_query(chunk.strip('"-')).terms:
                self.assertTrue(
                    any(
                        all(any(word.startswith(part) for word in there) for part in each)
                        for each in term.alternatives()
                    )
                )

    @given(st.text(max_size=100))
    def test_places_lead_back(self, text: str) -> None:
        plain, places = plain_with_places(text)
        self.assertEqual(len(plain), len(places))
        self.assertEqual(places, sorted(places))


class MarkTests(SimpleTestCase):
    def test_marks(self) -> None:
        for line, typed, expected in (
            ("A new Straße here", "strasse", "A new <mark>Straße</mark> here"),
            ("Größe und größer", "grosse", "<mark>Größe</mark> und <mark>größe</mark>r"),
            ("<b>bold</b>", "bold", "&lt;b&gt;<mark>bold</mark>&lt;/b&gt;"),
            ("<mark>", "mark", "&lt;<mark>mark</mark>&gt;"),
            ("Costs 1.000 in all", "1000", "Costs 1.000 in all"),
            ("in an inn", "in", "<mark>in</mark> an <mark>in</mark>n"),
        ):
            with self.subTest(line):
                self.assertEqual(marked(line, read_query(typed).terms), expected)

    def test_a_long_text_is_cut_around_what_was_found(self) -> None:
        text = marked("x " * 200 + "needle" + " y" * 200, read_query("needle").terms)
        self.assertIn("<mark>needle</mark>", text)
        self.assertTrue(text.startswith("… ") and text.endswith(" …"))
        self.assertLess(len(text), LENGTH + 40)

    @given(st.text(max_size=200), st.text(max_size=30))
    def test_it_is_the_text_whatever_is_typed(self, line: str, typed: str) -> None:
        text = marked(line, read_query(typed).terms or (Term("x"),))
        bare = text.replace("<mark>", "").replace("</mark>", "")
        self.assertNotIn("<", bare)
