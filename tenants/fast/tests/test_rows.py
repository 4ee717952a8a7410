from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.models import Group

from tenants.fast.rows import new_row, read_row
from tenants.models import User
from tenants.testing import CompanyTestCase, outside


class NewRowTests(CompanyTestCase):
    def test_it_is_what_the_model_makes(self) -> None:
        values = {"email": "new@acme.example", "company": self.acme, "first_name": "Nora"}
        made, usual = new_row(User, **values), User(**values)
        ours, theirs = dict(vars(made)), dict(vars(usual))
        for each in (ours, theirs):
            each.pop("_state")
            self.assertIsInstance(each.pop("date_joined"), datetime)
        self.assertEqual(ours, theirs)
        self.assertTrue(made._state.adding)
        with self.assertNumQueries(0):
            self.assertIs(made.company, self.acme)

    def test_it_can_be_saved(self) -> None:
        group = new_row(Group, name="Night")
        with outside():
            group.save()
        self.assertEqual(Group.objects.get(name="Night"), group)

    def test_nothing_can_be_pointed_to(self) -> None:
        user = new_row(User, company=None, date_joined=datetime(2026, 3, 2, tzinfo=UTC))
        self.assertIsNone(user.company)
        self.assertIsNone(user.company_id)
        self.assertEqual(user.date_joined, datetime(2026, 3, 2, tzinfo=UTC))

    def test_two_share_no_default(self) -> None:
        """A default that is made anew, such as a uuid or an empty dict, is made for each."""
        first, second = new_row(User), new_row(User)
        self.assertIsNot(vars(first), vars(second))
        self.assertLess(first.date_joined, second.date_joined)

    def test_a_field_that_there_is_not_is_a_mistake(self) -> None:
        with self.assertRaisesMessage(TypeError, "Group has no field nmae."):
            new_row(Group, nmae="Night")


class ReadRowTests(CompanyTestCase):
    def test_what_was_not_read_is_asked_for(self) -> None:
        user = read_row(User, {"id": self.uma.pk, "email": self.uma.email})
        self.assertEqual(user, self.uma)
        self.assertFalse(user._state.adding)
        with self.assertNumQueries(0):
            self.assertEqual(user.email, self.uma.email)
        self.assertIn("first_name", user.get_deferred_fields())
        self.assertEqual(user.first_name, self.uma.first_name)
