"""The bell in the header of every page: how many unread notices there are."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from tenants.companies.active_company import active_company
from tenants.models import User
from tenants.pages.refusals import refusal_as_json
from tenants.refusals import Refusals
from tickets.notices.pages.notice_page import NoticePage, has_notices, id_of
from tickets.notices.unread import count_as_text, count_unread, read_one
from tickets.notices.watch_worker import tell_if_no_worker_runs


@dataclass(frozen=True, slots=True)
class Bell:
    """`shown` is the number beside it, empty for none; `text` says it whole."""

    count: int

    @property
    def shown(self) -> str:
        return count_as_text(self.count) if self.count else ""

    @property
    def text(self) -> str:
        if not self.count:
            return gettext("Notices: none is unread")
        shown = count_as_text(self.count)
        return ngettext(
            "Notices: %(count)s is unread", "Notices: %(count)s are unread", self.count
        ) % {"count": shown}

    def as_json(self) -> dict[str, object]:
        return {"count": self.count, "shown": self.shown, "text": self.text}


def bell_of(request: HttpRequest) -> Bell | None:
    """The bell of who asks, by one query; None, and no query, where there is none to show."""
    person = request.user
    if not isinstance(person, User) or not has_notices(person) or active_company(request) is None:
        return None
    return Bell(count_unread(person))


class BellPage(NoticePage):
    """What the script of the bell asks now and then (which is no activity), and what it says.

    GET counts; POST with `read` marks a notice as read, and counts.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        tell_if_no_worker_runs(self.person)
        return self._answer()

    def post(self, request: HttpRequest) -> HttpResponse:
        notice_id = id_of(request.POST.get("read"))
        if notice_id is not None:
            read_one(person=self.person, notice_id=notice_id, now=timezone.now())
        return self._answer()

    def _answer(self) -> HttpResponse:
        response = JsonResponse(Bell(count_unread(self.person)).as_json())
        response["Cache-Control"] = "no-store"
        return response

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        return refusal_as_json(refused)
