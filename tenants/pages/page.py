"""Pages that are no list and no form of a model, beneath the address of a model's screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.views import View

if TYPE_CHECKING:
    from tenants.pages.detail_page import DetailPageAdmin


@dataclass(frozen=True, slots=True)
class Button:
    """How a page is offered on the detail page of its model; the lowest `order` comes first."""

    text: Any
    icon: str
    order: int


@dataclass(frozen=True, slots=True)
class ShownButton:
    text: str
    icon: str
    url: str


class Page(View):
    """A page of its own; `register_page` says where it stands."""

    model_admin: DetailPageAdmin | None = None
    template_name = ""
    crumb: Any = ""
    button: ClassVar[Button | None] = None

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model) -> bool:
        """Whether the detail page of this object shows the page's button."""
        return True


@dataclass(frozen=True, slots=True)
class _Entry:
    page: type[Page]
    address: str
    name: str


_ENTRIES: dict[type[Model], list[_Entry]] = defaultdict(list)


def register_page[P: Page](
    model: type[Model], address: str, *, name: str
) -> Callable[[type[P]], type[P]]:
    """Put a page beneath the screen of a model; the module must be imported by an admin.py.

    `address` is a pattern such as `<int:object_id>/replay/`, `name` its last part in
    `admin:workflows_workflowdefinition_replay`.
    """

    def register(page: type[P]) -> type[P]:
        _ENTRIES[model].append(_Entry(page, address, name))
        return page

    return register


def page_urls(model_admin: DetailPageAdmin) -> list[URLPattern]:
    """The addresses of all pages that were registered for the admin class's model."""
    prefix = _prefix(model_admin.model)
    return [
        path(
            entry.address,
            model_admin.admin_site.admin_view(entry.page.as_view(model_admin=model_admin)),
            name=f"{prefix}_{entry.name}",
        )
        for entry in _ENTRIES[model_admin.model]
    ]


def buttons_of(request: HttpRequest, obj: Model) -> list[ShownButton]:
    """The buttons of an object's pages, for whoever asks."""
    model = type(obj)
    offered = [
        (entry.page.button, entry)
        for entry in _ENTRIES[model]
        if entry.page.button is not None and entry.page.is_offered(request, obj)
    ]
    return [
        ShownButton(
            text=str(button.text),
            icon=button.icon,
            url=reverse(f"admin:{_prefix(model)}_{entry.name}", args=(obj.pk,)),
        )
        for button, entry in sorted(offered, key=lambda each: each[0].order)
    ]


def _prefix(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"
