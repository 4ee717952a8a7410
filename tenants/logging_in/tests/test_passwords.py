from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tenants.models import Company, User
from tenants.testing import PASSWORD, CompanyTestCase
from tickets.demo import COMPANY, PEOPLE, ROOT
from tickets.demo import PASSWORD as DEMO_PASSWORD

PERSON = User(
    email="zoe.zander@paperworks.example",
    first_name="Zoé",
    last_name="van Zander",
    company=Company(name="Paper Works Ltd"),
)


def is_refused(password: str, person: User | None = PERSON) -> bool:
    try:
        validate_password(password, person)
    except ValidationError:
        return True
    return False


class PasswordTests(CompanyTestCase):
    def test_too_short(self) -> None:
        self.assertTrue(is_refused("kv8-Lq2x_pW"))
        self.assertFalse(is_refused("kv8-Lq2x_pWs"))

    def test_common_ones_with_something_around_them(self) -> None:
        for password in (
            "Password2026!",
            "123qwertyuiop",
            "!!Sunshine!!99",
            "iloveyou-2026",
            "1234567890123",
        ):
            with self.subTest(password):
                self.assertTrue(is_refused(password))

    def test_few_different_characters(self) -> None:
        for password in ("aaaaaaaaaaaa", "abcabcabcabc", "Xx-Xx-Xx-Xx-Xx"):
            with self.subTest(password):
                self.assertTrue(is_refused(password))

    def test_made_of_ones_own_names_or_the_companys(self) -> None:
        for password in (
            "ZoeZander-1990",
            "zander_zander_1",
            "Paper-Works-2026",
            "PaperworksPaper1",
            "zoe.zander@paperworks.example",
            "ＺＡＮＤＥＲ-paper-99",  # noqa: RUF001
        ):
            with self.subTest(password):
                self.assertTrue(is_refused(password))

    def test_a_name_beside_enough_else_is_no_reason(self) -> None:
        for password in ("paper boats on a lake", "zander and three herrings"):
            with self.subTest(password):
                self.assertFalse(is_refused(password))

    def test_those_of_tests_and_of_the_demo_are_good_enough(self) -> None:
        for person in (self.alice, self.root, self.uma):
            self.assertFalse(is_refused(PASSWORD, person))
        company = Company(name=COMPANY)
        for email in (*(each.email for each in PEOPLE), ROOT):
            self.assertFalse(is_refused(DEMO_PASSWORD, User(email=email, company=company)))

    def test_older_ones_go_on_working(self) -> None:
        self.uma.set_password("short")
        self.uma.save()
        self.assertTrue(self.client.login(username=self.uma.email, password="short"))
