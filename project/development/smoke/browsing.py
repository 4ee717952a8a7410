"""What a browser sees of pages: their texts, links and forms, which it can send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

PASSWORD = "a long walk in the rain"  # noqa: S105 - of people who exist for a few seconds


class SmokeError(Exception):
    """A page is not what the path needs; the message says what was looked for, and where."""


@dataclass
class Form:
    """A form as the page shows it. `values` are what the browser would send as it stands."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """What a person can fill in or press."""
        return {*self.values, *self.choices, *self.files, *(name for name, _ in self.buttons)}

    def option(self, name: str, label: str) -> str:
        """The value of the entry of a list, or of the box, that reads like this."""
        for value, text in self.labels.get(name, {}).items():
            if text == label:
                return value
        raise SmokeError(f"{name} of the form for {self.action} does not offer {label}.")


@dataclass
class Page:
    """What came back: `text` is what a person reads, without tags, scripts and styles."""

    url: str
    status: int
    html: str
    text: str
    forms: list[Form]
    links: list[tuple[str, str]]

    @property
    def path(self) -> str:
        """Where it stands, without the host."""
        return urlsplit(self.url).path

    def expect_texts(self, *texts: str) -> Page:
        """Raises SmokeError where the page does not show them all."""
        for text in texts:
            if text not in self.text:
                raise SmokeError(f"{self.path} does not show {text!r}.{self.beginning()}")
        return self

    def form(self, *names: str) -> Form:
        """The form that has all these fields or buttons."""
        for form in self.forms:
            if form.names() >= set(names):
                return form
        raise SmokeError(f"{self.path} has no form with {', '.join(names)}.{self.beginning()}")

    def form_to(self, end: str) -> Form:
        """The form that is sent to an address with this end."""
        for form in self.forms:
            if urlsplit(form.action).path.endswith(end):
                return form
        raise SmokeError(f"{self.path} has no form that is sent to {end}.{self.beginning()}")

    def link(self, text: str) -> str:
        """Where the first link goes whose text contains this one."""
        for label, address in self.links:
            if text in label:
                return address
        raise SmokeError(f"{self.path} has no link {text!r}.{self.beginning()}")

    def beginning(self) -> str:
        """What a message says about the page, as its last sentence."""
        return f" The page begins with: {' '.join(self.text.split())[:300]}"


class PageReader(HTMLParser):
    """Collects forms, links and readable text."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._silent = 0
        self._link: tuple[str, list[str]] | None = None
        self._select: tuple[Form, str, bool] | None = None
        self._option: tuple[dict[str, str], str] | None = None
        self._label: tuple[list[str], list[tuple[Form, str, str]]] | None = None
        self._early: list[tuple[str, str, dict[str, str], set[str]]] = []
        self._textarea: tuple[Form, str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        present = {name for name, _ in attrs}
        if tag in ("script", "style", "template"):
            self._silent += 1
        elif tag == "form":
            self._open_form(given)
        elif tag == "label":
            self._label = ([], [])
        elif tag == "a" and "href" in given:
            self._link = (urljoin(self.url, given["href"]), [])
        elif tag == "option":
            self._read_option(given, present)
        elif tag in ("input", "select", "textarea", "button") and "disabled" not in present:
            self._place_field(tag, given, present)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._silent = max(0, self._silent - 1)
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = self._option = None
        elif tag == "option":
            self._option = None
        elif tag == "label" and self._label is not None:
            words, boxes = self._label
            for form, name, value in boxes:
                form.labels.setdefault(name, {})[value] = " ".join("".join(words).split())
            self._label = None
        elif tag == "a" and self._link is not None:
            self.links.append((" ".join("".join(self._link[1]).split()), self._link[0]))
            self._link = None
        elif tag == "textarea" and self._textarea is not None:
            form, name, parts = self._textarea
            # A browser drops the line break that follows the opening tag.
            form.values.setdefault(name, []).append("".join(parts).removeprefix("\n"))
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea[2].append(data)
        if self._silent:
            return
        self.text.append(data)
        if self._option is not None:
            texts, value = self._option
            texts[value] = " ".join((texts[value] + data).split())
        if self._label is not None:
            self._label[0].append(data)
        if self._link is not None:
            self._link[1].append(data)

    def _open_form(self, given: dict[str, str]) -> None:
        self._form = Form(
            action=urljoin(self.url, given.get("action") or self.url),
            method=given.get("method", "get").lower(),
        )
        self.forms.append(self._form)
        if "id" in given:
            self.by_id[given["id"]] = self._form
            for name, tag, field_given, present in self._early:
                if name == given["id"]:
                    self._read_field(tag, self._form, field_given, present)

    def _place_field(self, tag: str, given: dict[str, str], present: set[str]) -> None:
        """A field outside of its form names it; it may stand before the form does."""
        form = self.by_id.get(given["form"]) if "form" in given else self._form
        if form is not None:
            self._read_field(tag, form, given, present)
        elif "form" in given:
            self._early.append((given["form"], tag, given, present))

    def _read_field(self, tag: str, form: Form, given: dict[str, str], present: set[str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if not name:
            return
        if tag == "select":
            form.choices[name] = []
            self._select = (form, name, "multiple" in present)
        elif tag == "textarea":
            self._textarea = (form, name, [])
        elif tag == "button" or kind == "submit":
            form.buttons.append((name, given.get("value", "")))
        elif kind == "file":
            form.files.append(name)
        elif kind in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if self._label is not None:
                self._label[1].append((form, name, given.get("value", "on")))
            if "checked" in present:
                form.values.setdefault(name, []).append(given.get("value", "on"))
        elif kind not in ("button", "reset", "image"):
            form.values.setdefault(name, []).append(given.get("value", ""))

    def _read_option(self, given: dict[str, str], present: set[str]) -> None:
        if self._select is None:
            return
        form, name, multiple = self._select
        value = given.get("value", "")
        form.choices[name].append(value)
        texts = form.labels.setdefault(name, {})
        texts[value] = ""
        self._option = (texts, value)
        if "selected" in present and multiple:
            form.values.setdefault(name, []).append(value)
        elif "selected" in present or (name not in form.values and not multiple):
            form.values[name] = [value]


class Browser:
    """One person's browser: it keeps cookies, follows redirects and sends forms."""

    def __init__(self, address: str, transport: httpx.BaseTransport | None = None) -> None:
        """With a transport, that is who is asked, wherever the address leads."""
        self.client = httpx.Client(
            base_url=address, follow_redirects=True, timeout=90, transport=transport
        )

    def get(self, address: str) -> Page:
        """Open a page. Raises SmokeError where it is not there."""
        return self._read(self.client.get(address))

    def send(
        self,
        form: Form,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, Path] | None = None,
        button: str = "",
    ) -> Page:
        """Send a form as the page showed it, with these values changed."""
        data = dict(form.values)
        for name, value in (values or {}).items():
            if name not in form.names():
                raise SmokeError(f"The form for {form.action} has no field {name}.")
            data[name] = [value] if isinstance(value, str) else value
        if button:
            pressed = next((value for name, value in form.buttons if name == button), None)
            if pressed is None:
                raise SmokeError(f"The form for {form.action} has no button {button}.")
            data[button] = [pressed]
        if form.method == "get":
            return self._read(self.client.get(form.action, params=data))
        attached = {name: (path.name, path.read_bytes()) for name, path in (files or {}).items()}
        return self._read(self.client.post(form.action, data=data, files=attached or None))

    def log_in(self, email: str) -> Page:
        """Log in with the password that everybody here has; the page that follows."""
        form = self.get("/app/").form("username", "password")
        return self.send(form, {"username": email, "password": PASSWORD})

    def download(self, address: str) -> bytes:
        """A file."""
        response = self.client.get(address)
        if response.status_code != 200:
            raise SmokeError(f"{address} answers with {response.status_code}.")
        return response.content

    def status(self, address: str) -> int:
        """What an address itself answers with, whatever it is."""
        return self.client.get(address, follow_redirects=False).status_code

    def close(self) -> None:
        """Drop the connections."""
        self.client.close()

    def _read(self, response: httpx.Response) -> Page:
        reader = PageReader(str(response.url))
        reader.feed(response.text)
        reader.close()
        page = Page(
            url=str(response.url),
            status=response.status_code,
            html=response.text,
            text=" ".join("".join(reader.text).split()),
            forms=reader.forms,
            links=reader.links,
        )
        if page.status >= 400:
            raise SmokeError(f"{page.path} answers with the error {page.status}.{page.beginning()}")
        return page
