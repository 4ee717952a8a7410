"""What people type becomes harmless HTML, in bounded time."""

from __future__ import annotations

from django.test import SimpleTestCase

from tenants.testing_tools.effort import steps_of
from tickets.conversation.rendering import MOST_HTML, Shown, render_anew, render_message
from tickets.models.message import LONGEST_MESSAGE

HOSTILE = {
    "brackets": "[",
    "links": "[](",
    "quotes": ">",
    "stars": "*a ",
    "strong": "a**b",
    "images": "![",
    "entities": "&",
    "tags": "<",
    "lists": "- ",
    "backticks": "`a ",
    "addresses": "http://a.b/ ",
    "half addresses": "http://",
    "mail": "a@",
    "table": "a|b\n",
    "rules": "---\n",
    "references": "[a]: b\n",
    "words": "word ",
    "mentions": "@Wendy Wells ",
}


# Six tables of 160 columns, with 409 lines of one cell each: the others are filled in.
WIDE_TABLES = 6 * "\n".join(["|".join("a" * 160), "|".join("-" * 160), *("a" * 409), "\n"])


def effort(text: str) -> int:
    return steps_of(lambda: render_anew(text, ("Wendy Wells",)))


class HarmlessTests(SimpleTestCase):
    def test_what_people_mean(self) -> None:
        for text, html in {
            "**bold** and *it*": "<p><strong>bold</strong> and <em>it</em></p>",
            "one\ntwo": "<p>one<br>\ntwo</p>",
            "- a\n- b": "<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
            "~~no~~": "<p><s>no</s></p>",
            "# 12": "<p># 12</p>",
        }.items():
            with self.subTest(text):
                self.assertHTMLEqual(render_message(text), html)

    def test_links_lead_out_without_credit(self) -> None:
        for text in ("[a](https://a.example)", "https://a.example", "<https://a.example>"):
            html = render_message(text)
            self.assertIn('href="https://a.example"', html)
            self.assertIn('rel="nofollow noopener noreferrer"', html)

    def test_html_is_text(self) -> None:
        for text in (
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)'>a</a>",
            "a <b onclick=x>b</b>",
            "<!-- c -->",
            "<span class='tk-mention'>Wendy</span>",
        ):
            html = render_message(text)
            self.assertNotRegex(html, r"<(?!/?p>|br>)")

    def test_no_link_runs_and_no_image_is_asked_for(self) -> None:
        for text in (
            "[a](javascript:alert(1))",
            "[a](data:text/html;base64,xx)",
            "[a](vbscript:x)",
            "[a](JaVaScRiPt:alert(1))",
            "![a](https://spy.example/a.png)",
            "![a][b]\n\n[b]: https://spy.example/a.png",
            "[a](<java\nscript:x>)",
        ):
            with self.subTest(text):
                html = render_message(text)
                self.assertNotIn("<img", html)
                self.assertNotRegex(html.lower(), r'href="(?!https?:|mailto:)')

    def test_mentions(self) -> None:
        html = render_message("Hello @Wendy Wells and @Wendy Wellser", ["Wendy Wells"])
        self.assertEqual(html.count('<span class="tk-mention">@Wendy Wells</span>'), 1)
        html = render_message("@<b>x</b>", ["<b>x</b>"])
        self.assertNotIn("<b>", html)

    def test_hostile_texts_cost_no_more_than_a_bound(self) -> None:
        plain = "It is a text as people write it, with a few words.\n\n" * 200
        most = 25 * effort(plain[:LONGEST_MESSAGE])
        for name, part in HOSTILE.items():
            with self.subTest(name):
                text = (part * LONGEST_MESSAGE)[:LONGEST_MESSAGE]
                self.assertLess(effort(text), most)

    def test_a_table_has_so_many_cells_at_most(self) -> None:
        self.assertEqual(render_message("a|b\n-|-\nc|d").count("<td>"), 2)
        for before in ("", "> ", "- "):
            with self.subTest(before):
                text = before + WIDE_TABLES
                self.assertLess(len(text), LONGEST_MESSAGE)
                self.assertNotIn("<td>", render_anew(text, ()))

    def test_what_is_shown_is_bounded(self) -> None:
        for text in ("a.co ", "&", "'", "a\n", "\n- a", "**a** "):
            with self.subTest(text):
                long = (text * LONGEST_MESSAGE)[:LONGEST_MESSAGE]
                self.assertLessEqual(len(render_anew(long, ())), MOST_HTML)

    def test_what_is_kept_is_bounded_in_bytes(self) -> None:
        shown = Shown(most_bytes=10_000)
        for number in range(100):
            shown.keep((str(number), ()), "x" * 900)
            self.assertLessEqual(shown.size, 10_000)
        self.assertIsNone(shown.get(("0", ())))
        self.assertEqual(shown.get(("99", ())), "x" * 900)
        shown.keep(("large", ()), "x" * 20_000)
        self.assertIsNone(shown.get(("large", ())))
        self.assertIsNotNone(shown.get(("99", ())))

    def test_nesting(self) -> None:
        for opening in ("> ", "- ", "1. ", "*", "[", "  - "):
            text = "\n".join(opening * depth + "a" for depth in range(1, 120))[:LONGEST_MESSAGE]
            self.assertTrue(render_message(text))
