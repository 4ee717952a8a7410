"""Whatever stands in the address of a list: it is shown, or one is led back to it.

A long run asks every list everything.
"""

from __future__ import annotations

from django.contrib import admin
from django.test import tag
from django.urls import reverse

from tenants.models import Company
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase, outside
from tenants.testing_tools.examples import is_long_run

HOSTILE = (
    "title=%00", "key__regex=(", "title__regex=(", "message=%00", "name__regex=(", "email=%00",
    "email__iregex=[", "password__startswith=p", "created_by__password__startswith=p",
    "assigned_to__password=x", "id=abc", "id__in=a,b", "pk=%00", "pk__in=", "id=" + "9" * 400,
    "nonsense=1", "a__b__c=1", "__=1", "=1", "id__isnull=maybe", "id__range=1",
    "created_at__year=abc", "created_at__gte=%00", "p=99999999999", "p=" + "9" * 5_000, "p=-1",
    "p=abc", "p=%00", "o=abc", "o=999", "o=-999", "o=1.2.3", "o=%00", "o=--1", "o=" + "9" * 5_000,
    "o=" + ".".join(["1"] * 300), "_facets=", "_facets=True", "_facets=%00", "all=", "all=%00",
    "_popup=1", "_to_field=password", "_to_field=%00", "_to_field=id", "e=1", "q=%00", "q=(",
    "q=" + "a%20" * 500, "q=%23", "q=%25", "q=_", "q=" + "9" * 5_000, "q=%D9%A3", "q=%ED%A0%80",
    "q=%22unclosed", "archive=%00", "status=%00", "status=1&status=2", "type=%00", "kind=(",
    "submitter=abc", "worker=" + "9" * 20, "errors=%00", "versions=%00", "role=%00",
    "company_role=" + "9" * 20, "company_role=%00", "is_active__exact=%00", "is_active__exact=9",
    "is_active__isnull=abc", "is_active__in=%00", "is_available__exact=%FF", "definition=%00",
    "workflow=%00", "_changelist_filters=%00", "x" * 3_000 + "=1",
)  # fmt: skip


FEWER = 6  # each list is asked a sixth of them, each of them is asked of a sixth of the lists


@tag("companies")
class HostileQueryStringTests(CompanyTestCase):
    SECONDS_EACH = 10.0

    def lists(self) -> list[str]:
        names = [
            f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            for model, screen in admin.site._registry.items()
            if any(
                str(getattr(url, "name", "")).endswith("_changelist") for url in screen.get_urls()
            )
        ]
        return [reverse(name) for name in names]

    def walk(self, *, least: int) -> None:
        seen = 0
        for address in self.lists():
            if self.client.get(address).status_code != 200:
                continue
            seen += 1
            for query in HOSTILE if is_long_run() else HOSTILE[seen % FEWER :: FEWER]:
                with self.subTest(list=address, query=query[:60]):
                    response = self.client.get(f"{address}?{query}")
                    self.assertIn(response.status_code, (200, 302))
        self.assertGreaterEqual(seen, least)

    def test_no_list_breaks_for_somebody_with_every_role(self) -> None:
        for role in SystemRole:
            self.give_role(self.alice, role)
        self.log_in(self.alice)
        self.walk(least=10)

    def test_no_list_breaks_for_a_superuser(self) -> None:
        self.log_in(self.root)
        self.walk(least=2)

    def test_the_address_narrows_no_list_by_a_field_that_is_no_filter(self) -> None:
        self.log_in(self.alice)
        people = reverse("admin:tenants_user_changelist")
        for query in ("email__startswith=a", "password__startswith=p", "groups__name=admin"):
            response = self.client.get(f"{people}?{query}")
            self.assertRedirects(response, f"{people}?e=1")

    def test_filters_of_fields_still_narrow(self) -> None:
        self.wendy.is_available = False
        self.wendy.save(update_fields=["is_available"])
        self.log_in(self.alice)
        people = reverse("admin:tenants_user_changelist")
        response = self.client.get(f"{people}?is_available__exact=0")
        self.assertEqual(list(response.context["cl"].result_list), [self.wendy])
        self.log_in(self.root)
        companies = reverse("admin:tenants_company_changelist")
        response = self.client.get(f"{companies}?is_active__exact=1")
        with outside():
            count = Company.objects.filter(is_active=True).count()
        self.assertEqual(response.context["cl"].result_count, count)
