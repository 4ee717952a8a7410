"""Whoever has no password is told what to do where it is asked for."""

from __future__ import annotations

from django.test import override_settings

from tenants.testing import CompanyTestCase


class NoPasswordTests(CompanyTestCase):
    @override_settings(PASSWORD_AGAIN_SECONDS=0)
    def test_the_page_that_asks_again(self) -> None:
        self.uma.set_unusable_password()
        self.uma.save()
        self.log_in(self.uma)
        page = self.client.post("/app/account/second-factor/", {"verb": "codes"})
        self.assertContains(page, "You have no password here", status_code=403)
        self.assertNotContains(page, "current-password", status_code=403)
