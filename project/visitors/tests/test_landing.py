from __future__ import annotations

from django.contrib.staticfiles import finders
from django.test import SimpleTestCase, override_settings
from django.urls import reverse

from project.admin_site.theme import COLORS, NAME, UNFOLD
from tenants.testing import CompanyTestCase


class LandingTests(CompanyTestCase):
    def test_it_tells_a_visitor_what_this_is_and_where_to_go(self) -> None:
        response = self.client.get("/")
        self.assertContains(response, NAME)
        self.assertContains(response, f'href="{reverse("sign_up")}"')
        self.assertContains(response, f'href="{reverse("admin:login")}"')

    def test_it_sends_people_who_are_logged_in_to_their_dashboard(self) -> None:
        self.log_in(self.uma)
        self.assertRedirects(self.client.get("/"), reverse("admin:index"))

    def test_it_needs_no_script_and_no_style_from_elsewhere(self) -> None:
        page = self.client.get("/").content.decode()
        self.assertNotIn("//cdn", page)
        self.assertNotIn('src="http', page)
        self.assertNotIn("onclick", page)

    def test_it_names_no_company(self) -> None:
        self.assertNotContains(self.client.get("/"), self.acme.name)


class ThemeTests(SimpleTestCase):
    def test_each_stylesheet_and_picture_is_there(self) -> None:
        with override_settings(STATIC_URL="/static/"):
            paths = [style(None) for style in UNFOLD["STYLES"]]
            paths += [UNFOLD["SITE_ICON"](None), UNFOLD["SITE_FAVICONS"][0]["href"](None)]
            paths += [script(None) for script in UNFOLD["SCRIPTS"]]
        for path in paths:
            self.assertIsNotNone(finders.find(path.removeprefix("/static/")), path)

    def test_every_shade_that_unfold_uses_has_a_colour(self) -> None:
        shades = {"50", *(str(shade) for shade in range(100, 1000, 100)), "950"}
        for name, weights in COLORS.items():
            self.assertEqual(set(weights), shades, name)
