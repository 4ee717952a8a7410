"""How one wants to be told, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from tickets.notices.kinds.kind import ByMail, NoticeKind
from tickets.notices.mail_notices import MOST_AN_HOUR
from tickets.notices.pages.notice_page import NoticePage
from tickets.notices.preferences import set_wishes, wishes_of


@dataclass(frozen=True, slots=True)
class ShownKind:
    """A line of the form."""

    kind: NoticeKind
    choices: list[tuple[str, str, bool]]  # value, text, whether it is chosen


class NoticePreferencesPage(NoticePage):
    """GET asks, POST keeps: `<kind>` = AT_ONCE, DIGEST or NEVER. What is not sent stays."""

    title = gettext_lazy("How you are told")
    template_name = "notices/preferences.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        wishes = wishes_of(self.person)
        kinds = [_shown(kind, wish) for kind, wish in wishes.items()]
        return self.show(kinds=kinds, most_an_hour=MOST_AN_HOUR)

    def post(self, request: HttpRequest) -> HttpResponse:
        sent = {kind: ByMail.read(request.POST.get(str(kind))) for kind in wishes_of(self.person)}
        wishes = {kind: wish for kind, wish in sent.items() if wish is not None}
        set_wishes(person=self.person, wishes=wishes)
        messages.success(request, gettext("Your choice is kept."))
        return redirect("admin:notice_preferences")


def _shown(kind: NoticeKind, wish: ByMail) -> ShownKind:
    return ShownKind(kind, [(each.value, str(each.label), each == wish) for each in ByMail])
