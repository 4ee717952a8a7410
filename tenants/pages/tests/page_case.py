"""A page that is there for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from unittest import mock

from django.contrib import admin
from django.db.models import Model
from django.test import override_settings
from django.urls import URLResolver, path

from project import urls
from tenants.pages import page as pages
from tenants.pages.page import Page, register_page


@contextmanager
def page_beneath(
    model: type[Model], address: str, page: type[Page], *, name: str
) -> Iterator[None]:
    """Register a page as its module would, and have its address in the URL configuration."""
    entries = {model: list(pages._ENTRIES[model])}
    with mock.patch.dict(pages._ENTRIES, entries):
        register_page(model, address, name=name)(page)
        configuration = ModuleType("urls_of_a_test")
        configuration.urlpatterns = [  # type: ignore[attr-defined]
            path("app/", admin.site.urls)
            if isinstance(each, URLResolver) and each.namespace == "admin"
            else each
            for each in urls.urlpatterns
        ]
        with override_settings(ROOT_URLCONF=configuration):
            yield
