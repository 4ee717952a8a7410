"""How large the body of a request may be, in bytes. The web server asks before it reads one.

Whoever is not logged in, and every address that says nothing else, has SMALL_BODY; a person who is
logged in has FORM_BODY on the pages of the admin. A page that takes more says so with
`largest_body`, and only those who may use it may send that much. A view that is no page is
decorated with `takes_body`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

SMALL_BODY: Final = 64 * 1024
FORM_BODY: Final = 1024 * 1024
# A definition, in whatever form it is sent, or all answers of a large form.
LARGE_BODY: Final = 8 * 1024 * 1024
# All answers with all files.
FILES_BODY: Final[int] = settings.MAX_FORM_BYTES
# What a request to know the limit is marked with. No header can set it: their keys are others.
ASKS_BODY_LIMIT: Final = "ticketflower.asks_body_limit"
BODY_LIMIT_HEADER: Final = "X-Body-Limit"
# What a request is marked with that is answered with the refusal of its body: the limit.
REFUSED_BODY: Final = "ticketflower.refused_body"

type BodyLimit = Callable[..., int]


def takes_body[V: Callable[..., Any]](limit: BodyLimit) -> Callable[[V], V]:
    """Say how large a body the view takes: `limit` gets what the view gets, the request first."""

    def decorate(view: V) -> V:
        view.body_limit = limit  # type: ignore[attr-defined]
        return view

    return decorate


def body_limit(request: HttpRequest, view: Callable[..., Any], arguments: dict[str, Any]) -> int:
    """How large a body this person may send to this view, in bytes.

    `view` and `arguments` are what the address leads to.
    """
    declared: BodyLimit | None = getattr(view, "body_limit", None)
    if declared is not None:
        return declared(request, **arguments)
    if not request.user.is_authenticated:
        return SMALL_BODY
    # What Django keeps at a view: of a page its class, of a screen's own view the screen.
    owner = getattr(view, "view_class", None) or getattr(view, "model_admin", None)
    of_owner: BodyLimit | None = getattr(owner, "body_limit", None)
    return FORM_BODY if of_owner is None else of_owner(request)
