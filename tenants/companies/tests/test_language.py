"""Everybody reads in their own language: visitors in their browser's, people as they chose."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone, translation

from tenants.companies.active_company import CompanyRequest
from tenants.companies.language_and_zone import (
    known_language,
    language_here,
    speaking,
    speaking_to,
    zone_names,
    zone_of,
)
from tenants.middleware import PersonsLanguageMiddleware
from tenants.models import Company, User
from tenants.testing import CompanyTestCase

LOG_IN = {"en": "Log in", "de": "Anmelden"}
HOME = {"en": "Log out", "de": "Abmelden"}


class VisitorTests(CompanyTestCase):
    works_outside = True

    def test_a_visitor_reads_in_the_language_of_their_browser(self) -> None:
        for asked, language in (
            ("de-AT,de;q=0.9,en;q=0.5", "de"),
            ("en-GB,de;q=0.9", "en"),
            ("fr,es;q=0.5", "en"),
            ("", "en"),
            ("*;q=nonsense,\x00", "en"),
        ):
            with self.subTest(asked=asked):
                page = self.client.get(reverse("admin:login"), headers={"accept-language": asked})
                self.assertContains(page, LOG_IN[language])
                self.assertContains(page, f'lang="{language}"')
                self.assertEqual(page.headers["Content-Language"], language)
                self.assertIn("Accept-Language", page.headers["Vary"])

    def test_nothing_of_it_is_left_for_the_next_request_of_the_process(self) -> None:
        self.client.get(reverse("admin:login"), headers={"accept-language": "de"})
        self.assertEqual(translation.get_language(), "en")


class PersonTests(CompanyTestCase):
    def language_for(self, person: User, asked: str) -> str:
        self.log_in(person)
        page = self.client.get(reverse("admin:index"), headers={"accept-language": asked})
        language = page.headers["Content-Language"]
        self.assertContains(page, HOME[language])
        return language

    def test_a_person_reads_in_the_language_that_they_have_chosen(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(language="de")
        self.assertEqual(self.language_for(self.wendy, "en"), "de")
        self.assertEqual(self.language_for(self.uma, "en"), "en")

    def test_who_has_chosen_none_reads_in_the_browsers(self) -> None:
        self.assertEqual(self.language_for(self.uma, "de"), "de")

    def test_a_language_that_is_none_any_more_counts_as_none(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(language="xx")
        self.assertEqual(self.language_for(self.wendy, "de"), "de")

    def test_charlie_of_another_company_is_not_touched(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(language="de")
        self.assertEqual(self.language_for(self.charlie, "en"), "en")

    def test_the_choice_costs_no_statement(self) -> None:
        self.log_in(self.wendy)
        self.client.get(reverse("admin:index"))  # counts are kept for a while
        before = self.count_queries(reverse("admin:index"))
        User.objects.filter(pk=self.wendy.pk).update(language="de", time_zone="Asia/Tokyo")
        self.assertLessEqual(self.count_queries(reverse("admin:index")), before)


class ZoneTests(SimpleTestCase):
    def test_the_first_that_is_there(self) -> None:
        company = Company(time_zone="Europe/Berlin")
        for mine, zone in (
            ("Asia/Tokyo", "Asia/Tokyo"),
            ("", "Europe/Berlin"),
            ("Mars/Base", "Europe/Berlin"),
            ("../../etc/passwd", "Europe/Berlin"),
        ):
            with self.subTest(mine=mine):
                self.assertEqual(zone_of(User(time_zone=mine), company), ZoneInfo(zone))
        self.assertEqual(zone_of(None, Company()), ZoneInfo("UTC"))
        self.assertEqual(zone_of(None, None), ZoneInfo("UTC"))

    def test_each_zone_that_can_be_chosen_is_one(self) -> None:
        names = zone_names()
        self.assertIn("Europe/Berlin", names)
        self.assertIn("UTC", names)
        for name in names:
            self.assertEqual(ZoneInfo(name).key, name)

    def test_requests_work_in_it(self) -> None:
        found: list[str] = []

        def answer(request: HttpRequest) -> HttpResponse:
            found.append(timezone.get_current_timezone_name())
            return HttpResponse()

        request = CompanyRequest()
        request.user = User(time_zone="Asia/Tokyo")
        request.company = Company(time_zone="Europe/Berlin")
        PersonsLanguageMiddleware(answer)(request)
        self.assertEqual(found, ["Asia/Tokyo"])
        self.assertEqual(timezone.get_current_timezone_name(), "UTC")


class SpeakingTests(SimpleTestCase):
    def test_to_somebody(self) -> None:
        moment = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
        company = Company(time_zone="Europe/Berlin")
        with speaking_to(User(language="de", company=company)):
            self.assertEqual(translation.get_language(), "de")
            self.assertEqual(timezone.localtime(moment).day, 30)
        self.assertEqual(translation.get_language(), "en")

    def test_in_the_installations_own_to_who_has_chosen_none(self) -> None:
        with translation.override("de"), speaking_to(User()):
            self.assertEqual(translation.get_language(), "en")
        with override_settings(LANGUAGE_CODE="de"), speaking(""):
            self.assertEqual(translation.get_language(), "de")

    def test_what_is_remembered_of_a_visitor(self) -> None:
        self.assertEqual(language_here(), "")
        with translation.override("de"):
            self.assertEqual(language_here(), "de")
        with translation.override("fr"):
            self.assertEqual(language_here(), "")
        self.assertEqual([known_language(each) for each in ("de", "xx", "")], ["de", "", ""])
