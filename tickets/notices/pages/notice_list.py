"""What one was told, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from tenants.models import User
from tickets.models import Notice
from tickets.notices.pages.bell import bell_of
from tickets.notices.pages.notice_page import NoticePage, id_of
from tickets.notices.unread import read_all, read_one
from tickets.notices.words import kind_of, sentence_for

PER_PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A line of the list."""

    id: int
    icon: str
    sentence: str
    address: str
    created_at: datetime
    is_read: bool


def shown(notice: Notice, person: User) -> ShownNotice:
    return ShownNotice(
        id=notice.pk,
        icon=kind_of(notice).declared.icon,
        sentence=sentence_for(notice, person),
        address=reverse("admin:notice", args=[notice.pk]),
        created_at=notice.created_at,
        is_read=notice.read_at is not None,
    )


class NoticeListPage(NoticePage):
    """Lists the notices, or with `?show=unread` the unread ones. POST marks one or all as read."""

    title = gettext_lazy("Notices")
    template_name = "notices/notice_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        only_unread = request.GET.get("show") == "unread"
        notices = Notice.objects.of(self.person)
        if only_unread:
            notices = notices.unread()
        before = id_of(request.GET.get("before"))
        if before is not None:
            notices = notices.filter(pk__lt=before)
        found = list(notices.with_words()[: PER_PAGE + 1])
        page = found[:PER_PAGE]
        bell = bell_of(request)
        older = "" if len(found) <= PER_PAGE else _address(only_unread, before=page[-1].pk)
        return self.show(
            notices=[shown(each, self.person) for each in page],
            newest=page[0].pk if page else 0,
            bell=bell,  # so that the header does not count anew
            has_unread=bell is not None and bell.count > 0,
            is_first=before is None,
            only_unread=only_unread,
            older=older,
            here=_address(only_unread, before=before),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        now, person = timezone.now(), self.person
        one, up_to = id_of(request.POST.get("read")), id_of(request.POST.get("up_to"))
        if one is not None:
            read_one(person=person, notice_id=one, now=now)
        elif up_to is not None:
            count = read_all(person=person, up_to=up_to, now=now)
            text = ngettext(
                "%(count)d notice was marked as read.",
                "%(count)d notices were marked as read.",
                count,
            )
            messages.success(request, text % {"count": count})
        else:
            messages.warning(request, gettext("Choose which notice you have read."))
        unread, before = request.GET.get("show") == "unread", id_of(request.GET.get("before"))
        return redirect(_address(unread, before=before))


def _address(only_unread: bool, *, before: int | None) -> str:
    asked: dict[str, str] = {"show": "unread"} if only_unread else {}
    if before is not None:
        asked["before"] = str(before)
    return reverse("admin:notices") + (f"?{urlencode(asked)}" if asked else "")
