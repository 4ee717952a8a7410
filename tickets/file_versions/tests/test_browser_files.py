"""Files in the browser: dropped, sent with a bar, shown in the page, in a new version."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

from playwright.sync_api import Page, Route, expect

from project.tests.browser import BrowserTestCase
from tenants.models import User
from tickets.models import FileUpload, Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type

DROP = """
([zone, files]) => {
    const carried = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
        carried.items.add(new File([bytes], name));
    }
    for (const kind of ["dragover", "drop"]) {
        const what = { dataTransfer: carried, bubbles: true, cancelable: true };
        zone.dispatchEvent(new DragEvent(kind, what));
    }
}
"""


def png(colour: bytes) -> bytes:
    """A picture of 40 by 30 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    rows = b"".join(b"\0" + colour * 40 for _row in range(30))
    size = struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def pdf(text: str) -> bytes:
    """A document of one page, with a cross-reference table as its readers want it."""
    content = f"BT /F1 24 Tf 40 100 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, each)
    start = len(made)
    made += b"xref\n0 6\n0000000000 65535 f \n"
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start


class FilesTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        self.ticket: Ticket = submit_ticket(
            definition=make_type(), data={"what": "A desk"}, user=self.uma
        )
        self.page = self.open_window(self.uma)
        self.page.goto(f"/app/tickets/myticket/{self.ticket.pk}/change/")

    def drop(self, page: Page, files: dict[str, bytes]) -> None:
        zone = page.locator(".tk-write .tk-file").element_handle()
        sent = [[name, base64.b64encode(each).decode()] for name, each in files.items()]
        page.evaluate(DROP, [zone, sent])

    def test_files_are_dropped_shown_and_get_new_versions(self) -> None:
        page = self.page
        held: list[Route] = []

        def hold_the_first(route: Route) -> None:
            if held:
                route.continue_()
            else:
                held.append(route)

        page.route("**/fileupload/upload/", hold_the_first)
        page.get_by_label("Write a message").fill("See these.")
        self.drop(page, {"photo.png": png(b"\x20\x60\xe0"), "plan.pdf": pdf("The plan")})
        expect(page.locator(".tk-sending progress")).to_have_count(2)
        # Sent while they are on their way: the form waits for them.
        page.get_by_role("button", name="Send").click()
        with page.expect_navigation():
            held[0].continue_()
        expect(page.locator(".tk-message-files li")).to_have_count(2)
        self.assertEqual(FileUpload.objects.filter(message__isnull=False).count(), 2)

        self.drop(page, {"photo2.png": b"<html><script>alert(1)</script>"})
        expect(page.locator(".tk-sending [role=alert]")).to_contain_text("it is a web page (HTML)")
        self.assertEqual(len(self.errors), 1)  # the browser notes each answer 400
        self.errors.clear()

        self.follow_link(page.locator("#files").get_by_role("link", name="photo.png"))
        picture = page.locator(".tk-preview img")
        expect(picture).to_be_visible()
        self.assertEqual(picture.evaluate("each => each.naturalWidth"), 40)
        chooser: Any = {"name": "photo.png", "mimeType": "", "buffer": png(b"\xe0\x60\x20")}
        page.get_by_label("New version").set_input_files(chooser)
        expect(page.locator(".tk-kept-name")).to_contain_text("photo.png")
        with page.expect_navigation():
            page.get_by_role("button", name="Add as new version").click()
        self.follow_link(page.get_by_role("link", name="Compare with the newest"))
        expect(page.locator(".tk-sides img")).to_have_count(2)
        self.check(page)

        page.goto(f"/app/tickets/myticket/{self.ticket.pk}/change/")
        self.follow_link(page.locator("#files").get_by_role("link", name="plan.pdf"))
        frame = page.locator("iframe.tk-preview-pdf")
        expect(frame).to_be_visible()
        handle: Any = frame.element_handle()
        shown = handle.content_frame()
        shown.wait_for_url("**/inline/")
        self.assertEqual(shown.evaluate("document.contentType"), "application/pdf")
        self.check(page)
