"""The form for a new token, and how tokens are shown: of one's own, and of service accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.models import AccessToken, User
from tenants.models.fields import NameInput
from tenants.names import LONGEST_NAME
from tenants.tokens.make_token import MadeToken, make_token, revoke_token
from tenants.tokens.scopes import Scope

DAYS: Final = (7, 30, 90, 365)
MOST_LISTED: Final = 200


def _days() -> list[tuple[str, str]]:
    return [(str(days), ngettext("%d day", "%d days", days) % days) for days in DAYS]


class TokenForm(forms.Form):
    """What a token is to be; the service looks at all of it again."""

    name = NameInput(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("What uses it, so that you know it again: “Payroll export”."),
    )
    assistant = NameInput(
        label=gettext_lazy("Assistant"),
        max_length=LONGEST_NAME,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Where an AI assistant uses the token: its name. It stands in the history of what it "
            "does, and it never publishes, and never changes people, roles or settings. Empty: a "
            "program."
        ),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it is for"),
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("Of what its owner may do, it can do only this."),
        error_messages={"required": gettext_lazy("Choose at least one thing that it is for.")},
    )
    days = forms.ChoiceField(
        label=gettext_lazy("Ends after"),
        choices=_days,
        initial="90",
        widget=UnfoldAdminSelectWidget,
    )
    addresses = forms.CharField(
        label=gettext_lazy("Network addresses"),
        max_length=2_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "From which it counts, each on a line: 192.0.2.7 or 192.0.2.0/24. Empty: from "
            "everywhere."
        ),
    )

    def make(self, *, owner: User, by: User) -> MadeToken:
        """Raises what `make_token` does."""
        data, now = self.cleaned_data, timezone.now()
        return make_token(
            owner=owner,
            name=data["name"],
            assistant=data["assistant"],
            scopes=data["scopes"],
            expires_at=now + timedelta(days=int(data["days"])),
            addresses=data["addresses"].splitlines(),
            by=by,
            now=now,
        )

    def refuse(self, error: Any) -> None:
        """Show what the service refused, at the field that it is about."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


@dataclass(frozen=True, slots=True)
class ShownToken:
    token: AccessToken
    scopes: list[str]
    state: str  # empty: it counts

    @property
    def counts(self) -> bool:
        return not self.state


def shown(tokens: Iterable[AccessToken], *, now: datetime) -> list[ShownToken]:
    return [
        ShownToken(
            token=each,
            scopes=[str(Scope(name).label) for name in each.scopes if name in Scope],
            state=_state(each, now),
        )
        for each in tokens
    ]


def token_list(tokens: Any, request: HttpRequest) -> dict[str, Any]:
    """What `account/token_rows.html` shows of some: those that count first, a page at a time."""
    now, asked = timezone.now(), request.GET.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 6 else 1
    begin = max(number - 1, 0) * MOST_LISTED
    found = list(tokens.counting_first(now)[begin : begin + MOST_LISTED + 1])
    more = number + 1 if len(found) > MOST_LISTED else None
    return {"tokens": shown(found[:MOST_LISTED], now=now), "more_tokens": more}


def _state(token: AccessToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return gettext("Revoked")
    return gettext("Ended") if token.ends_before(now) else ""


def revoke_chosen(number: str, tokens: Any) -> AccessToken | None:
    """Revoke the token with this number, of those that may be chosen; None: there is none."""
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return None
    token: AccessToken | None = tokens.filter(pk=number).first()
    if token is not None:
        revoke_token(token=token, now=timezone.now())
    return token
