from __future__ import annotations

from django.test import SimpleTestCase

from workflows.authoring.importing.pages.format_help import Heading, help_text

PAGES = (("other.md", "?help=other"),)


class HelpTextTest(SimpleTestCase):
    def html(self, markdown: str) -> str:
        return help_text(markdown, PAGES).html

    def test_headings_have_places(self) -> None:
        found = help_text("# Title\n\n## What is `read`, here?\n\n### More\n", PAGES)
        self.assertEqual(found.headings, [Heading("what-is-read-here", "What is read, here?")])
        self.assertNotIn("Title", found.html)
        self.assertIn('<h3 id="more">', found.html)

    def test_links_lead_to_pages_or_nowhere(self) -> None:
        html = self.html("[a](other.md#b) [c](gone.md) [d](#e) [f](javascript:alert(1))")
        self.assertIn('<a href="?help=other#b" class="link">a</a> c <a href="#e"', html)
        self.assertNotIn('<a href="javascript', html)

    def test_html_is_text(self) -> None:
        html = self.html("<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n| <b> |\n|-|\n")
        self.assertNotRegex(html, "<(script|img|b)[ >]")

    def test_what_is_for_the_command_line_is_left_out(self) -> None:
        part = "<!-- command line -->\nmanage.py\n<!-- /command line -->\n"
        self.assertEqual(
            self.html(f"a\n\n{part}\nb\n\n{part}\nc"), "<p>a</p>\n<p>b</p>\n<p>c</p>\n"
        )

    def test_a_table_is_scrolled_on_its_own(self) -> None:
        html = self.html('## "A"\n\n| x |\n|---|\n| y |\n\nafter')
        self.assertIn('role="region" aria-label="&quot;A&quot;"><table>', html)
        self.assertIn('<th scope="col">x</th>', html)
        self.assertIn("</table>\n</div><p>after</p>", html)
