"""Settings of the floor of a page: Django's admin with Unfold and nothing of ours."""

from __future__ import annotations

from pathlib import Path

import django
import unfold

from project.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floors.bare_unfold"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # its app demands it
    "bench.floors.bare_unfold.OneCompanyMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# A sidebar as long as that of the person who asks for our pages.
UNFOLD = {
    "SHOW_HISTORY": True,
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": f"Part {part}",
                "items": [
                    {"title": f"Screen {each}", "icon": "inbox", "link": f"/app/{part}/{each}/"}
                    for each in range(6)
                ],
            }
            for part in range(3)
        ],
    },
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Theirs alone: those of our apps would stand in their place.
        "DIRS": [
            Path(unfold.__file__).parent / "templates",
            Path(unfold.__file__).parent / "contrib" / "filters" / "templates",
            Path(django.__file__).parent / "contrib" / "admin" / "templates",
            Path(django.__file__).parent / "forms" / "templates",
        ],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
