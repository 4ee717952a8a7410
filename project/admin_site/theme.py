"""How TicketFlower looks: the name, the colours, and what Unfold needs of both.

The settings import this module, so it imports nothing that needs Django to be set up;
callables of ours are named by their path. What stands in the sidebar is in navigation.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static

NAME = "TicketFlower"
BORDER_RADIUS = "8px"

# An orchid's colours, and greys with a breath of it. White on 600, 600 on white, and 500 on
# the dark surfaces (base 900 and 800) all have a contrast of 4.5 or more (WCAG AA).
COLORS: Mapping[str, Mapping[str, str]] = {
    "base": {
        "50": "oklch(98.5% .003 330)",
        "100": "oklch(96.7% .004 330)",
        "200": "oklch(92.3% .006 330)",
        "300": "oklch(87% .008 330)",
        "400": "oklch(71.5% .012 325)",
        "500": "oklch(54.5% .016 322)",
        "600": "oklch(44.5% .018 320)",
        "700": "oklch(37% .02 318)",
        "800": "oklch(28% .02 316)",
        "900": "oklch(21.5% .018 314)",
        "950": "oklch(14.5% .014 312)",
    },
    "primary": {
        "50": "oklch(97.5% .013 342)",
        "100": "oklch(95% .03 342)",
        "200": "oklch(90.5% .06 342)",
        "300": "oklch(83.5% .105 342)",
        "400": "oklch(75% .155 342)",
        "500": "oklch(69% .18 342)",
        "600": "oklch(53% .19 342)",
        "700": "oklch(47% .17 342)",
        "800": "oklch(41% .14 342)",
        "900": "oklch(35.5% .11 342)",
        "950": "oklch(25% .08 342)",
    },
}

# What pages ask for: project/admin_site/one_file.py makes each of what follows it.
ALL_STYLES, ALL_SCRIPTS = "ticketflower/all.css", "ticketflower/all.js"
# One stylesheet for each subject, in the folder `static` of its own. Later ones win.
STYLESHEETS = (
    "ticketflower/app.css",
    "picture/graph.css",
    "following/tickets.css",
    "notices/notices.css",
    "conversation/conversation.css",
    "definitions/definitions.css",
    "gallery/gallery.css",
    "repairing/administration.css",
    "reporting/report.css",
    "trying/trying.css",
    "importing/imports.css",
    "describing/describing.css",
    "publishing/versions.css",
    "editing/editor.css",
    "ticketflower/print.css",
)
# The first sets the theme before the first paint; Unfold's own script does so only at its end.
SCRIPTS = (
    "ticketflower/theme.js",
    "ticketflower/reachable.js",
    "pages/asking.js",
    "pages/sending.js",
    "picture/pictures.js",
    "notices/bell.js",
)


def as_one_declaration(colors: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The same colours as one, for Unfold's template: the value of the first goes on with the rest.

    It writes `--color-NAME-WEIGHT: VALUE;` for each.
    """
    every = [
        (f"{name}-{weight}", value)
        for name, weights in colors.items()
        for weight, value in weights.items()
    ]
    if not every:
        return {}
    (first, value), *others = every
    name, weight = first.split("-", 1)
    rest = [f"--color-{other}: {color}" for other, color in others]
    return {name: {weight: ";".join([value, *rest])}}


def one_file(name: str) -> Callable[[HttpRequest], str]:
    return lambda _request: static(name)


def logo(_request: HttpRequest) -> str:
    return static("ticketflower/logo.svg")


def favicon(_request: HttpRequest) -> str:
    return static("ticketflower/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": NAME,
    "SITE_HEADER": NAME,
    "SITE_SUBHEADER": "project.company_name.company_name",
    # Only visitors have a site to return to: people who are logged in have the dashboard.
    "SITE_URL": "project.admin_site.navigation.visitors_start_page",
    "SITE_ICON": logo,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": BORDER_RADIUS,
    "COLORS": COLORS,
    "STYLES": [one_file(ALL_STYLES)],
    "SCRIPTS": [one_file(ALL_SCRIPTS)],
    "DASHBOARD_CALLBACK": "project.admin_site.dashboard.dashboard",
    "ACCOUNT": {
        "navigation": "project.admin_site.navigation.account_links",
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
    },
}
