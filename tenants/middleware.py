from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from tenants.audit.acting import acting_as, actor_of, visitor
from tenants.companies.active_company import CompanyRequest, find_active_company, visit_of
from tenants.companies.language_and_zone import known_language, zone_of
from tenants.connection import use_company, use_public
from tenants.errors import RateLimitedError
from tenants.limits.sender import sender_of
from tenants.limits.table import BY_SENDER, count_sender
from tenants.logging_in.second_factor import SESSION_KEY, is_demanded
from tenants.logging_in.sessions import SessionStore
from tenants.models import User
from tenants.observing.log_context import note
from tenants.refusals import refusals
from tenants.superusers.visits import leave_company, record_request

# The header of a request that no person makes (tenants/pages/static/pages/progress.js).
POLL = "X-Poll"

# Where somebody may go who must have a second factor and has none.
WITHOUT_SECOND_FACTOR = frozenset(
    {"admin:account_second_factor", "admin:jsi18n", "admin:logout", "callback", "demo_accounting"}
)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PublicSchemaMiddleware:
    """Begins and ends every request in `public`. The first that may ask the database.

    A connection outlives its request: without this the next request of the process would
    begin in the last one's company.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        use_public()
        try:
            return self.get_response(request)
        finally:
            use_public()


class ActivityMiddleware:
    """Lets a session live on while somebody does something in it. After authentication.

    What a page's script asks by itself again and again says so (POLL), and is no activity: a page
    that is left open would keep its session for ever.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = request.session
        if (
            isinstance(session, SessionStore)
            and request.user.is_authenticated
            and POLL not in request.headers
        ):
            session.touch()
        return self.get_response(request)


class DemandedSecondFactorMiddleware:
    """Leads whoever must have a second factor, and has none, to setting one up. It asks nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        person = request.user
        if not isinstance(person, User) or not is_demanded(person):
            return None
        if request.session.get(SESSION_KEY) or request.resolver_match is None:
            return None
        if request.resolver_match.view_name in WITHOUT_SECOND_FACTOR:
            return None
        return redirect("admin:account_second_factor")


class LimitsMiddleware:
    """Refuses what is sent too often to an address of the table (`tenants/limits/table.py`).

    After the middleware that says who asks, for the page that it answers with.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        if request.method != "POST" or request.resolver_match is None:
            return None
        page = request.resolver_match.view_name
        if page not in BY_SENDER or BY_SENDER[page].counts_itself:
            return None
        with refusals(RateLimitedError) as refused:
            count_sender(request, page)
        if refused.error is None:
            return None
        response = render(request, "pages/429.html", {"reason": refused.text}, status=429)
        response["Retry-After"] = str(refused.error.seconds)
        return response


class ActiveCompanyMiddleware:
    """Sets the connection to the company of the person who asks. After authentication."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: CompanyRequest) -> HttpResponseBase:
        request.company = find_active_company(request)
        note(person=request.user.pk)
        if request.company is not None:
            note(company=request.company.schema_name)
            use_company(request.company)
        return self.get_response(request)


class LanguageMiddleware:
    """Answers in the language that the browser asks for, until it is known who asks.

    Before everything that writes a page. It asks the database nothing.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(translation.get_language_from_request(request)):
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        return response


class PersonsLanguageMiddleware:
    """Answers in the person's language and time zone. After the middleware that sets the company.

    Where they have chosen none: in the browser's language, and in the company's zone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: CompanyRequest) -> HttpResponseBase:
        person = request.user if isinstance(request.user, User) else None
        language = known_language(person.language) if person else ""
        with (
            translation.override(language or translation.get_language()),
            timezone.override(zone_of(person, request.company)),
        ):
            response = self.get_response(request)
            response.setdefault("Content-Language", translation.get_language())
        return response


class ActorMiddleware:
    """Says who acts, for the audit log. After the middleware that finds the person."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        person, sender = request.user, sender_of(request)
        actor = visitor(sender=sender)
        if isinstance(person, User):
            actor = actor_of(person, sender=sender)
        with acting_as(actor):
            return self.get_response(request)


class VisitMiddleware:
    """Ends a superuser's visit to a company when its time is over, and notes what they open there.

    After the middleware that says who acts, and that of messages.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, User) or not person.is_superuser:
            return self.get_response(request)
        visit = visit_of(request)
        if visit is not None and visit.is_over:
            return self._end(request)
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST and POLL not in request.headers:
            record_request(request)
        return response

    def _end(self, request: HttpRequest) -> HttpResponseBase:
        company = leave_company(request)
        text = _("Your time in %(company)s is over. Enter it again where you have more to do.")
        said = text % {"company": company or ""}
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            return JsonResponse({"message": said}, status=HTTPStatus.FORBIDDEN)
        messages.warning(request, said)
        return redirect("admin:index")
