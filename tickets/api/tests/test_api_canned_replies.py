"""Programs keep canned replies, as their people may."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from django.http import HttpRequest

from tenants.api.tests.api_case import ApiCase
from tenants.api.versions import ensure_unchanged
from tickets.models import CannedReply
from workflows.models import CompanyRole


class CannedReplyTests(ApiCase):
    def set_up_once(self) -> None:
        self.own = CompanyRole.objects.create(name="Buyers")
        self.own.members.set([self.wendy])
        self.others = CompanyRole.objects.create(name="Sellers")

    def test_a_ticket_admin_keeps_them(self) -> None:
        body = {"name": "Thanks", "text": "Thank you."}
        made = self.ask(self.terry, "POST", "canned-replies", body, expect=201).json()
        path = f"canned-replies/{made['id']}"
        etag = self.ask(self.terry, "GET", path, expect=200)["ETag"]
        changed = {**body, "text": "Many thanks."}
        match = {"If-Match": etag}
        self.ask(self.terry, "PUT", path, changed, **match, expect=200)
        self.assert_problem(self.ask(self.terry, "PUT", path, body, **match), 412)
        self.assert_problem(self.ask(self.terry, "POST", "canned-replies", body), 409)
        listed = self.ask(self.wendy, "GET", "canned-replies", expect=200).json()["items"]
        self.assertEqual([each["text"] for each in listed], ["Many thanks."])
        for method, sent in (("GET", None), ("PUT", body), ("DELETE", None)):
            self.assert_problem(self.ask(self.charlie, method, path, sent), 404)
            self.assert_problem(self.ask(self.uma, method, path, sent), 403)
        self.assert_problem(self.ask(self.wendy, "PUT", path, body), 403)
        self.assertEqual(self.ask(self.charlie, "GET", "canned-replies").json()["items"], [])
        self.ask(self.terry, "DELETE", path, expect=204)
        self.assertFalse(CannedReply.objects.exists())

    def test_what_was_read_is_compared_under_the_lock(self) -> None:
        body = {"name": "Thanks", "text": "Thank you."}
        reply = CannedReply.objects.create(**body)
        path = f"canned-replies/{reply.pk}"
        for method, sent in (("PUT", {**body, "text": "Mine"}), ("DELETE", None)):
            match: dict[str, Any] = {"If-Match": self.ask(self.terry, "GET", path)["ETag"]}
            came = list[bool]()

            def compared(request: HttpRequest, marker: object, **more: Any) -> None:
                ensure_unchanged(request, marker, **more)
                if not came:  # noqa: B023
                    came.append(True)  # noqa: B023
                    CannedReply.objects.filter(pk=reply.pk).update(text=f"Not {method}")  # noqa: B023

            with patch("tenants.api.versions.ensure_unchanged", side_effect=compared):
                self.assert_problem(self.ask(self.terry, method, path, sent, **match), 412)
            reply.refresh_from_db()
            self.assertEqual(reply.text, f"Not {method}")

    def test_a_worker_keeps_those_of_their_roles(self) -> None:
        body = {"name": "Thanks", "text": "Thank you.", "company_roles": [self.own.pk]}
        self.ask(self.wendy, "POST", "canned-replies", body, expect=201)
        wrong = {**body, "name": "Other", "company_roles": [self.others.pk]}
        self.assert_problem(self.ask(self.wendy, "POST", "canned-replies", wrong), 404)
        everybody = {**body, "name": "Other", "company_roles": []}
        self.assert_problem(self.ask(self.wendy, "POST", "canned-replies", everybody), 403)
        self.assert_problem(self.ask(self.walt, "POST", "canned-replies", body), 404)
