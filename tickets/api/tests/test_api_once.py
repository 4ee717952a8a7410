"""The same request at the same moment, with one Idempotency-Key, acts once."""

from __future__ import annotations

import json
import threading
from typing import Any

from django.db import connections

from tenants.api.tests.api_case import ROOT, CommittingApiCase
from tenants.models import KeptAnswer
from tenants.testing import CompanyClient, outside
from tickets.models import Ticket
from tickets.testing import import_fixture

BODY = {"type": "vacation", "answers": {"location": "Spain", "season": "Summer"}}


class RaceTests(CommittingApiCase):
    def test_three_at_once_make_one_ticket_and_are_answered_alike(self) -> None:
        import_fixture("vacation", self.carla)
        raw = self.raw_of(self.uma)
        answers: list[tuple[int, Any]] = []

        def send() -> None:
            try:
                answer = CompanyClient().post(
                    f"{ROOT}tickets",
                    json.dumps(BODY),
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {raw}", "Idempotency-Key": "race"},
                )
                answers.append((answer.status_code, answer.json()))
            finally:
                connections.close_all()

        threads = [threading.Thread(target=send) for _time in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([status for status, _said in answers], [201, 201, 201])
        self.assertEqual(len({json.dumps(said, sort_keys=True) for _status, said in answers}), 1)
        self.assertEqual(Ticket.objects.count(), 1)
        with outside():
            self.assertEqual(KeptAnswer.objects.count(), 1)
