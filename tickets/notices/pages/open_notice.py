"""Where the links of notices lead, in the app and in mails: on to the page that it is about."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from tickets.models import Notice
from tickets.notices.pages.notice_page import NoticePage, id_of
from tickets.notices.places import address_for, part_of_page

# Tells the script of the bell, on the page that it leads to, which notice has been read by that.
NOTICE = "notice"


class OpenNoticePage(NoticePage):
    """Leads on. It changes nothing: the page that is shown then marks the notice as read."""

    http_method_names = ["get"]

    notice: Notice

    def find(self, **arguments: object) -> None:
        notice_id = id_of(arguments["notice_id"])
        if notice_id is None:
            raise Http404
        own = Notice.objects.of(self.person).select_related("ticket")
        found = own.filter(pk=notice_id).first()
        if found is None:
            raise Http404
        self.notice = found

    def get(self, request: HttpRequest, **arguments: object) -> HttpResponse:
        page = address_for(self.notice, self.person)
        return redirect(f"{page}?{NOTICE}={self.notice.pk}{part_of_page(self.notice)}")
