from __future__ import annotations

from django.test import SimpleTestCase

from workflows.actions import pause_before
from workflows.actions.pauses import LONGEST_ASKED, LONGEST_PAUSE


class PauseTests(SimpleTestCase):
    def test_pauses_double(self) -> None:
        self.assertEqual([pause_before(n, chance=0) for n in (1, 2, 3, 4)], [5, 10, 20, 40])

    def test_pauses_are_capped(self) -> None:
        for retry in (9, 20, 10_000):
            self.assertEqual(pause_before(retry, chance=0), LONGEST_PAUSE)

    def test_each_is_shortened_by_chance_by_at_most_a_half(self) -> None:
        self.assertEqual(pause_before(2, chance=1), 5)
        self.assertEqual(pause_before(2, chance=0.5), 7.5)

    def test_a_longer_pause_that_the_other_system_asks_for_is_kept(self) -> None:
        self.assertEqual(pause_before(1, chance=0, retry_after=120), 120)
        self.assertEqual(pause_before(1, chance=1, retry_after=120), 132)

    def test_a_shorter_one_does_not_hurry_us(self) -> None:
        self.assertEqual(pause_before(3, chance=0, retry_after=1), 20)

    def test_nobody_can_make_us_wait_for_days(self) -> None:
        self.assertEqual(pause_before(1, chance=0, retry_after=1e9), LONGEST_ASKED)
