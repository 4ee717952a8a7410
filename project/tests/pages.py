"""Every page there is, read from the URL configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils.regex_helper import normalize

from tenants.pages import page as pages

FORM = re.compile(r"<form\b.*?</form\s*>", re.DOTALL)
ARGUMENT = re.compile(r"<(?:[^>:]+:)?(\w+)>")


@dataclass(frozen=True)
class Page:
    """One entry of the URL configuration.

    `template` is its path with each argument as `{name}`; `model` is the registered model
    whose admin page it is (None: a page of its own).
    """

    template: str
    name: str
    callback: Callable[..., Any]
    model: type[Model] | None

    @property
    def view(self) -> Callable[..., Any]:
        """The callback itself, without what guards it."""
        view = self.callback
        while hasattr(view, "__wrapped__") and not hasattr(view, "__self__"):
            view = view.__wrapped__
        return view

    @property
    def kind(self) -> type[pages.Page] | None:
        """Our class of the page; None for the lists, forms and views of libraries."""
        found = getattr(self.view, "view_class", None)
        is_ours = isinstance(found, type) and issubclass(found, pages.Page)
        return found if is_ours else None

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)}", self.template))

    def path(self, **values: object) -> str:
        return self.template.format(**values)

    def __str__(self) -> str:
        return f"{self.template} ({self.name or 'without a name'})"


def all_pages() -> list[Page]:
    return list(_walk(get_resolver(), "/", ()))


def _walk(resolver: URLResolver, prefix: str, namespaces: tuple[str, ...]) -> Iterator[Page]:
    for entry in resolver.url_patterns:
        template = prefix + _template(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry, template, inner)
        elif isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name)) if entry.name else ""
            model = _model_of(template, entry.callback)
            yield Page(template=template, name=name, callback=entry.callback, model=model)


def _template(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        return ARGUMENT.sub(r"{\1}", str(pattern))
    readable, _arguments = normalize(str(pattern))[0]
    return re.sub(r"%\((\w+)\)s", r"{\1}", readable)


def _model_of(template: str, callback: Any) -> type[Model] | None:
    """From the view's ModelAdmin, else from where in the admin the page stands."""
    while callback is not None:
        owner = getattr(callback, "model_admin", None) or getattr(callback, "__self__", None)
        if isinstance(owner, ModelAdmin):
            return owner.model
        callback = getattr(callback, "__wrapped__", None)
    for model in admin.site._registry:
        if f"/{model._meta.app_label}/{model._meta.model_name}/" in template:
            return model
    return None


@dataclass
class HtmlForm:
    """A form of a page: where it goes, what it would send untouched, and which of it is text."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    has_plain_button: bool = False

    def by_button(self) -> list[HtmlForm]:
        """The form as each of its buttons sends it.

        Where all have names it is one form that is sent with all of them: enough to be sent.
        """
        if not self.has_plain_button:
            for name, value in self.buttons:
                self.values.setdefault(name, []).append(value)
            return [self]
        pressed = [replace(self, values={**self.values, n: [v]}) for n, v in self.buttons]
        return [self, *pressed]


class _FormReader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[HtmlForm] = []
        self._form: HtmlForm | None = None
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            action = urljoin(self.address, given.get("action") or self.address)
            self._form = HtmlForm(action, (given.get("method") or "get").lower())
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "button" and given.get("type") == "submit" and not given.get("formaction"):
            if name:
                self._form.buttons.append((name, value))
            else:
                self._form.has_plain_button = True
        elif tag in ("input", "button") and name:
            box = given.get("type") in ("checkbox", "radio")
            if not box or "checked" in given:
                sent = value or ("on" if box else "")
                self._form.values.setdefault(name, []).append(sent)
            if tag == "input" and (given.get("type") or "text") == "text":
                self._form.texts.add(name)
        elif tag == "button" and given.get("formaction"):
            action = urljoin(self.address, str(given["formaction"]))
            self.forms.append(HtmlForm(action, "post"))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self._form.values.setdefault(self._select, []).append(value)
        elif tag == "textarea":
            self._textarea = name
            self._form.texts.add(name)
            self._form.values.setdefault(name, [])

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.values.setdefault(self._textarea, []).append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""


def forms_of(html: str, *, address: str) -> list[HtmlForm]:
    found = FORM.findall(html)  # most of a page stands outside, and takes long to read
    reader = _FormReader(address)
    reader.feed("".join(found) if len(found) == html.count("<form") else html)
    return [each for form in reader.forms for each in form.by_button()]
