from __future__ import annotations

import gc
import threading
import time
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, CharField, F, IntegerField, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now, TruncDate
from django.utils import timezone, translation

from tenants.connection import active_tenant, current_schema, database, use_company, use_public
from tenants.fast.lasting_values import FrozenValueError, made_nowhere
from tenants.fast.prepared import PreparedQuery, send
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase

# What a careless module could keep of a request that has come; the tests fill it.
_kept: dict[str, Any] = {}
_context: ContextVar[str] = ContextVar("_context", default="nobody")
_thread = threading.local()

_REFUSED = {
    "an id that somebody kept": lambda pk: User.objects.filter(pk=pk, company_id=_kept["id"]),
    "the ids of a list": lambda pk: User.objects.filter(pk=pk, company_id__in=[_kept["id"]]),
    "an object": lambda pk: User.objects.filter(pk=pk, company=_kept["company"]),
    "a text": lambda pk: User.objects.filter(pk=pk, first_name=_kept["name"]),
    "a text in an expression": lambda pk: User.objects.filter(pk=pk).annotate(
        shown=Value(_kept["name"], output_field=CharField())
    ),
    "a text inside the SQL": lambda pk: User.objects.filter(pk=pk).annotate(
        shown=RawSQL(f"last_name = '{_kept['name']}'", (), output_field=BooleanField())
    ),
    "a number inside the SQL": lambda pk: User.objects.filter(pk=pk).annotate(
        shown=RawSQL(f"company_id = {_kept['id']}", (), output_field=BooleanField())
    ),
    "how many of them": lambda pk: User.objects.filter(pk=pk)[: _kept["id"] + 1],
    "something reckoned from the slot": lambda pk: User.objects.filter(Q(pk=pk) | Q(pk=pk % 7)),
    "a number like a constant of Django's": lambda pk: User.objects.filter(pk=pk).annotate(
        a=Value(1, output_field=IntegerField())
    ),
    "the moment": lambda pk: User.objects.filter(pk=pk, date_joined__lt=timezone.now()),
    "a moment that somebody kept": lambda pk: User.objects.filter(
        pk=pk, date_joined__lt=_kept["moment"]
    ),
    "what follows from the moment": lambda pk: User.objects.filter(
        pk=pk, is_active=datetime.now(UTC).year > 2000
    ),
    "what follows from the day": lambda pk: User.objects.filter(
        pk=pk,
        is_active=date.today().year > 2000,  # noqa: DTZ011
    ),
    "what follows from the clock": lambda pk: User.objects.filter(
        pk=pk,
        is_active=time.time() > 1,
    ),
    "the time zone": lambda pk: User.objects.filter(pk=pk).annotate(day=TruncDate("date_joined")),
    "the schema": lambda pk: User.objects.filter(
        pk=pk, company__schema_name=database().schema_name
    ),
    "the schema inside the SQL": lambda pk: User.objects.filter(pk=pk).annotate(
        shown=RawSQL(
            f"EXISTS (TABLE {current_schema()}.workflows_companyrole)",
            (),
            output_field=BooleanField(),
        )
    ),
    "whether a company is chosen": lambda pk: User.objects.filter(
        pk=pk, is_active=database().schema_name != "public"
    ),
    "the company": lambda pk: User.objects.filter(pk=pk, company=active_tenant()),
    "the settings of the connection": lambda pk: User.objects.filter(
        pk=pk, company__schema_name=connection.settings_dict["SCHEMA"]
    ),
    "what the database says": lambda pk: User.objects.filter(
        pk=pk, company_id=Company.objects.earliest("pk").pk
    ),
    "whether the database has it": lambda pk: User.objects.filter(
        pk=pk, is_active=Company.objects.exists()
    ),
    "what a statement says": lambda pk: User.objects.filter(
        pk=pk, company_id=len(send("SELECT 1"))
    ),
}
_refused = {what: PreparedQuery(build) for what, build in _REFUSED.items()}

_lasting = PreparedQuery(
    lambda pk: User.objects.filter(
        pk=pk, is_active=True, groups__name=SystemRole.USER, date_joined__lt=Now()
    ).annotate(
        half=F("pk") / Value(2),
        shown=RawSQL("'it''s 5 %%'", (), output_field=CharField()),
    ),
    constants=(2, "it's 5 %%"),
)


class LastingValuesTests(CompanyTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        company = cls.uma.company
        assert company is not None
        _kept.update(id=company.pk, company=company, name=cls.uma.first_name, moment=timezone.now())
        cls.addClassCleanup(_kept.clear)

    def test_values_that_may_be_others_next_time_are_refused(self) -> None:
        for what, query in _refused.items():
            for _again in range(2):
                with self.subTest(what), self.assertRaises(FrozenValueError):
                    query.rows(self.uma.pk)

    def test_they_are_refused_without_a_company_too(self) -> None:
        use_public()
        self.addCleanup(use_company, self.acme)
        for what, query in _refused.items():
            with self.subTest(what), self.assertRaises(FrozenValueError):
                query.rows(self.uma.pk)

    def test_none_is_made_in_a_function(self) -> None:
        """Whatever it closes over could be a request's."""
        user = self.uma
        with self.assertRaisesMessage(FrozenValueError, "at the top of its module"):
            PreparedQuery(lambda pk: User.objects.filter(pk=pk, company=user.company))

    def test_enums_and_declared_constants_stand_in_it(self) -> None:
        (found,) = _lasting.rows(self.uma.pk)
        self.assertEqual(getattr(found, "half", None), self.uma.pk // 2)
        self.assertEqual(getattr(found, "shown", None), "it's 5 %")

    def test_nothing_of_the_caller_is_there(self) -> None:
        _context.set("uma")
        _thread.user = "uma"
        with translation.override("de"), timezone.override("Pacific/Auckland"):
            found = made_nowhere(
                lambda: (
                    _context.get(),
                    getattr(_thread, "user", "nobody"),
                    translation.get_language(),
                    timezone.get_current_timezone_name(),
                )
            )
        default = timezone.get_default_timezone_name()
        self.assertEqual(found, ("nobody", "nobody", translation.get_language(), default))

    def test_whoever_measures_the_garbage_collection_may_look_at_the_clock(self) -> None:
        """It happens in the middle of anything."""
        looked = []

        def measure(_phase: str, _info: dict[str, int]) -> None:
            looked.append(time.gmtime())

        gc.callbacks.append(measure)
        self.addCleanup(gc.callbacks.remove, measure)
        with self.assertRaises(FrozenValueError):  # and it is refused to others afterwards
            made_nowhere(lambda: (gc.collect(), time.gmtime()))
        self.assertTrue(looked)

    def test_it_leaves_the_caller_as_it_was(self) -> None:
        wrapper = database()
        made_nowhere(lambda: None)
        self.assertIs(database(), wrapper)
        self.assertEqual(current_schema(), self.acme.schema_name)
        self.assertTrue(Company.objects.exists())
