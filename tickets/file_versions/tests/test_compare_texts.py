from __future__ import annotations

from django.test import SimpleTestCase

from tickets.file_versions.compare_texts import (
    LONGEST_LINE,
    MOST_BYTES,
    MOST_LINES,
    compare_lines,
    text_of,
)


class TextTests(SimpleTestCase):
    def test_texts_of_any_coding(self) -> None:
        for content in ("ä\nb".encode(), "ä\nb".encode("utf-16"), "ä\nb".encode("cp1252")):
            with self.subTest(content=content):
                self.assertEqual(text_of(content), ["ä", "b"])
        self.assertEqual(text_of(b""), [])

    def test_what_is_no_text_or_too_long_is_not_compared(self) -> None:
        for content in (b"%PDF-1.7", b"a\0b", b"x" * (MOST_BYTES + 1), b"\n" * (MOST_LINES + 1)):
            with self.subTest(content=content[:8]):
                self.assertIsNone(text_of(content))


class CompareTests(SimpleTestCase):
    def test_equal_texts_have_no_lines(self) -> None:
        self.assertEqual(compare_lines(["a"], ["a"]), [])

    def test_changes_stand_among_some_lines_that_are_the_same(self) -> None:
        old = [str(number) for number in range(40)]
        new = [*old[:20], "new", *old[21:], "added"]
        found = [(each.change, each.old, each.new) for each in compare_lines(old, new)]
        self.assertEqual(found[0][0], "gap")
        self.assertIn(("changed", "20", "new"), found)
        self.assertEqual(found[-1], ("added", "", "added"))
        self.assertLess(len(found), 20)

    def test_long_lines_are_compared_whole_and_shown_from_where_they_differ(self) -> None:
        old, new = "x" * 2_000 + "old" + "y" * 900, "x" * 2_000 + "new" + "y" * 900
        (line,) = compare_lines([old], [new])
        self.assertEqual(line.change, "changed")
        self.assertIn("xold", line.old)
        self.assertIn("xnew", line.new)
        self.assertEqual(len(line.old), LONGEST_LINE + 2)
        (added,) = compare_lines([], [old])
        self.assertEqual(added.new, "x" * LONGEST_LINE + "…")

    def test_removed_lines(self) -> None:
        found = compare_lines(["a", "b"], ["a"])
        self.assertEqual([(each.change, each.old_number) for each in found],
                         [("same", 1), ("removed", 2)])  # fmt: skip
