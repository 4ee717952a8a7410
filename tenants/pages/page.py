"""Pages that are no list and no form of a model.

A page is a class in a file of its own, and one line in the admin.py of its app that imports the
file:

    @register_page(
        WorkflowDefinition, "<int:object_id>/replay/", name="workflows_workflowdefinition_replay"
    )
    class ReplayPage(DefinitionPage):
        permissions = ("workflows.change_workflowdefinition",)
        title = gettext_lazy("Replay")
        template_name = "replaying/replay.html"

        def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
            return self.show(replay=...)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views import View

from tenants.companies.active_company import active_company
from tenants.errors import TicketFlowerError, TooDearError
from tenants.limits.bodies import FORM_BODY, SMALL_BODY
from tenants.limits.dear import Dear, count_dear
from tenants.models import User
from tenants.pages.buttons import Button, ListButton, ShownButton
from tenants.pages.links import admin_link, prefix_of
from tenants.pages.menu import MenuEntry
from tenants.pages.refusals import refusal_as_json, too_often, where_from
from tenants.refusals import Refusals, refusals

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Page(View):
    """A page of its own. `register_page` says where it stands.

    `permissions` has no default: each page, or the family of pages that it belongs to, says which
    permissions its person needs, all of them. None (an empty tuple) is for pages that decide
    otherwise, in `admits`.
    """

    permissions: ClassVar[tuple[str, ...]]
    # Without a company there is nothing to see: its tables do not exist then.
    needs_company: ClassVar[bool] = True
    title: ClassVar[StrOrPromise] = ""
    template_name: ClassVar[str] = ""
    button: ClassVar[Button | None] = None
    list_button: ClassVar[ListButton | None] = None
    menu: ClassVar[MenuEntry | None] = None
    # How much may be sent to it, in bytes, by who may use it (tenants/limits/bodies.py).
    largest_body: ClassVar[int] = FORM_BODY
    # What costs much is counted apart: by the method, of which kind (tenants/limits/dear.py).
    dear: ClassVar[Mapping[str, Dear]] = {}
    # Whatever we refuse is shown by `refused`, and these errors, too.
    also_refused: ClassVar[tuple[type[Exception], ...]] = ()
    # How loud it is shown.
    refusal_level: ClassVar[int] = messages.ERROR

    # The screen beneath which it stands, given to as_view. None: it stands outside the admin.
    model_admin: ModelAdmin[Any] | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        ensure_declared(cls)
        return super().as_view(**initkwargs)

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        """Whether this person may use the page at all."""
        if cls.needs_company and active_company(request) is None:
            return False
        return request.user.has_perms(cls.permissions)

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether the page's button is shown, on the detail page of `obj` or above the list."""
        return cls.admits(request)

    @classmethod
    def body_limit(cls, request: HttpRequest) -> int:
        """How large a body this person may send, in bytes."""
        return cls.largest_body if cls.admits(request) else SMALL_BODY

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.admits(request):
            return self.turn_away()
        method = str(request.method).lower()
        if method not in self.http_method_names or not hasattr(self, method):
            return self.http_method_not_allowed(request, *args, **kwargs)
        with refusals(TooDearError) as too_dear:
            self.count()
        if too_dear.error is not None:
            return self.turn_away_for_now(too_dear)
        with refusals(TicketFlowerError, *self.also_refused) as refused:
            self.find(**kwargs)
            return super().dispatch(request, *args, **kwargs)
        return self.refused(refused)

    def count(self) -> None:
        """Count what costs much, before anything is looked up for it.

        Raises:
            TooDearError
        """
        method = str(self.request.method).replace("HEAD", "GET")  # which does the same
        kind, company = self.dear.get(method), active_company(self.request)
        if kind is not None and company is not None:
            count_dear(kind, person_id=self.person.pk, schema=company.schema_name)

    def turn_away_for_now(self, refused: Refusals[TooDearError]) -> HttpResponse:
        """What is answered to who asks for too much that costs much."""
        return too_often(self.request, refused.error or TooDearError(1))

    def turn_away(self) -> HttpResponse:
        """What is answered to who may not use the page."""
        raise PermissionDenied

    def find(self, **arguments: Any) -> None:
        """Look up what the page is about, by the arguments of its address.

        Raises:
            Http404: it is not there, or not for this person.
        """

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        """What the person is shown where a service refuses: the reason, on the page before."""
        messages.add_message(self.request, self.refusal_level, refused.text)
        # Outside the admin there is no list to go back to.
        answer = redirect(where_from(self.request)) if self.model_admin is None else self.back()
        address = urlsplit(answer.headers.get("Location", "")).path
        if self.request.method == "GET" and address == self.request.path:
            return redirect("admin:index")  # what cannot be shown must not lead to itself
        return answer

    def back(self) -> HttpResponse:
        """To the page that leads here."""
        return redirect(f"admin:{prefix_of(self.screen.model)}_changelist")

    def show(self, template: str = "", /, **context: Any) -> TemplateResponse:
        """The page (or another template), with what `shell` gives to all of its kind."""
        name = template or self.template_name
        return TemplateResponse(self.request, name, {**self.shell(), **context})

    def shell(self) -> dict[str, Any]:
        """What the template needs whatever the page shows."""
        shell: dict[str, Any] = {"title": self.title}
        if self.model_admin is not None:
            site = self.model_admin.admin_site.each_context(self.request)
            shell = {**site, **shell, "opts": self.model_admin.opts}
        return shell

    @property
    def screen(self) -> Any:
        """The ModelAdmin of the list beneath which the page stands."""
        if self.model_admin is None:
            raise ImproperlyConfigured(f"{type(self).__name__} stands beneath no screen.")
        return self.model_admin

    @property
    def person(self) -> User:
        """Who asks."""
        if not isinstance(self.request.user, User):
            raise PermissionDenied
        return self.request.user


class ObjectPage(Page):
    """A page about one object of the screen beneath which it stands: `<int:object_id>/...`."""

    object: Any = None

    def find(self, **arguments: Any) -> None:
        self.object = self.screen.get_object(self.request, unquote(str(arguments["object_id"])))
        if self.object is None:
            raise Http404

    def shell(self) -> dict[str, Any]:
        return {**super().shell(), "original": self.object}

    def back(self) -> HttpResponse:
        return redirect(admin_link(self.object))


class ScriptPage(Page):
    """What the script of a page asks: the answer is JSON, a refusal too."""

    http_method_names = ["post"]

    def turn_away_for_now(self, refused: Refusals[TooDearError]) -> HttpResponse:
        return refusal_as_json(refused)

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        return refusal_as_json(refused)


# Where pages stand


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that was registered, with its address beneath the list of its model."""

    page: type[Page]
    address: str
    name: str


_ENTRIES: dict[type[Model], list[Entry]] = defaultdict(list)


def register_page[P: Page](
    model: type[Model], address: str, *, name: str
) -> Callable[[type[P]], type[P]]:
    """Put a page beneath the list of a model. The module must be imported by an admin.py.

    `address` is a pattern such as `<int:object_id>/replay/`; `name` is the whole name of the
    address without `admin:`. A page with the name of one of the screen's own (such as
    `tickets_mytask_change`) takes its place.

    Raises:
        ImproperlyConfigured: the page does not say who may use it, or the name is taken.
    """

    def register(page: type[P]) -> type[P]:
        ensure_declared(page)
        if any(entry.name == name for entry in registered_pages()):
            raise ImproperlyConfigured(f"There are two pages with the name {name}.")
        _ENTRIES[model].append(Entry(page, address, name))
        return page

    return register


def ensure_declared(page: type[Page]) -> None:
    """Refuse a page that does not say who may use it.

    Raises:
        ImproperlyConfigured
    """
    if not isinstance(getattr(page, "permissions", None), tuple):
        raise ImproperlyConfigured(
            f"{page.__module__}.{page.__name__} does not say who may use it: give it"
            " `permissions`, a tuple of what its person needs, such as"
            ' ("workflows.change_workflowdefinition",). An empty one is for a page that decides'
            " by itself, in `admits`."
        )


def registered_pages() -> Iterator[Entry]:
    for entries in _ENTRIES.values():
        yield from entries


def with_pages(model_admin: ModelAdmin[Any], own: list[URLPattern]) -> list[URLPattern]:
    """The addresses of a screen: of the pages beneath it, and its own that none has replaced."""
    entries = _ENTRIES[model_admin.model]
    names = {entry.name for entry in entries}
    wrap = model_admin.admin_site.admin_view
    return [
        *(
            path(e.address, wrap(e.page.as_view(model_admin=model_admin)), name=e.name)
            for e in entries
        ),
        *(url for url in own if getattr(url, "name", None) not in names),
    ]


def buttons_of(request: HttpRequest, obj: Model, *, group: str = "") -> list[ShownButton[Button]]:
    """The buttons of an object's pages, for whoever asks; with a `group` only those of it."""
    found = [
        ShownButton(button, reverse(f"admin:{entry.name}", args=(obj.pk,)))
        for entry in _ENTRIES[type(obj)]
        if (button := entry.page.button) is not None
        and group in ("", button.group)
        and entry.page.is_offered(request, obj)
    ]
    return sorted(found, key=lambda each: each.button.order)


def list_buttons_of(request: HttpRequest, model: type[Model]) -> list[ShownButton[ListButton]]:
    """The buttons above a list, for whoever asks."""
    found = [
        ShownButton(button, reverse(f"admin:{entry.name}"))
        for entry in _ENTRIES[model]
        if (button := entry.page.list_button) is not None and entry.page.is_offered(request)
    ]
    return sorted(found, key=lambda each: each.button.order)
