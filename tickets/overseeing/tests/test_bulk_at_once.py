"""The request and the job do the same change of many tickets at the same moment."""

from __future__ import annotations

from functools import partial

from tickets.advancing.tests.test_concurrent_changes import ConcurrentCase
from tickets.models import BulkChange
from tickets.overseeing.bulk_change import change_many, continue_bulk_change


class BulkAtOnceTests(ConcurrentCase):
    def test_each_ticket_has_its_turn_once(self) -> None:
        nowhere = [2**40 + number for number in range(20)]
        change = change_many(
            verb="hold", tickets=nowhere, by=self.terry, reason="We move.", arguments={}
        )
        work = partial(continue_bulk_change, bulk_change_id=change.pk)
        self.assertEqual(self.at_once(*[work] * 4), [None] * 4)
        found = BulkChange.objects.get(pk=change.pk)
        self.assertEqual((found.done, found.left_out), (20, 20))
        self.assertEqual([each["ticket"] for each in found.refused], nowhere)
