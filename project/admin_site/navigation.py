"""What stands in the sidebar: for each person the screens that they may use, and no others.

The lists stand here; a page that is no list says itself where it stands (`menu`). The screens
guard themselves: this only decides what is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.core.cache import cache as counts
from django.http import HttpRequest
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.translation import gettext_lazy as _

from tenants.account.pages.tokens import OwnTokensPage
from tenants.companies.active_company import active_company
from tenants.models import User
from tenants.pages.menu import MenuSection
from tenants.pages.page import Entry as RegisteredPage
from tenants.pages.page import Page, registered_pages
from tenants.pages.paging import GLANCE, count_in_words, count_up_to
from tickets.models import ErrorStatus, TicketError
from tickets.notices.pages.preferences import NoticePreferencesPage
from tickets.working.pages.absence_pages import AbsencePage
from workflows.models import TaskInstance

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise, StrPromise

# Badges count on every page; a count that is this old (seconds) is good enough.
BADGE_SECONDS = 10
KEPT = "ticketflower_sections"  # of a request


@dataclass(frozen=True)
class Entry:
    """One screen. `inside` says whether it needs a company (None: it stands in both).

    A `page` decides by itself for whom it is.
    """

    title: StrOrPromise
    icon: str
    url_name: str
    permission: str = ""
    or_permission: str = ""  # one of the two is enough
    inside: bool | None = True
    badge: Callable[[User], int] | None = None
    badge_variant: str = "primary"
    page: type[Page] | None = None


@dataclass(frozen=True)
class Link:
    """An entry that this person may use, with its address."""

    entry: Entry
    url: str


@dataclass(frozen=True)
class Section:
    key: MenuSection
    title: StrPromise | None
    entries: tuple[Entry, ...]


def count_open_tasks(user: User) -> int:
    return count_up_to(TaskInstance.objects.inbox(user))


def count_new_errors(_user: User) -> int:
    return count_up_to(TicketError.objects.filter(status=ErrorStatus.NEW))


LISTS = (
    Section(
        MenuSection.START,
        None,
        (Entry(_("Dashboard"), "space_dashboard", "admin:index", inside=None),),
    ),
    Section(
        MenuSection.MY_WORK,
        _("My work"),
        (
            Entry(
                _("My tickets"),
                "confirmation_number",
                "admin:tickets_myticket_changelist",
                "tickets.view_myticket",
            ),
            Entry(
                _("My tasks"),
                "task_alt",
                "admin:tickets_mytask_changelist",
                "tickets.view_mytask",
                badge=count_open_tasks,
            ),
        ),
    ),
    Section(
        MenuSection.ALL_WORK,
        _("All work"),
        (
            Entry(
                _("All tickets"),
                "inbox",
                "admin:tickets_ticket_changelist",
                "tickets.view_ticket",
            ),
            Entry(
                _("All tasks"),
                "checklist",
                "admin:workflows_taskinstance_changelist",
                "workflows.view_taskinstance",
            ),
            Entry(
                _("Ticket errors"),
                "error",
                "admin:tickets_ticketerror_changelist",
                "tickets.view_ticketerror",
                badge=count_new_errors,
                badge_variant="danger",
            ),
            Entry(
                _("Canned replies"),
                "quickreply",
                "admin:tickets_cannedreply_changelist",
                "tickets.view_cannedreply",
            ),
            Entry(
                _("People outside"),
                "contact_mail",
                "admin:workflows_contact_changelist",
                "tickets.view_ticket",
                or_permission="tenants.manage_company_data",
            ),
        ),
    ),
    Section(
        MenuSection.DEFINITIONS,
        _("How work flows"),
        (
            Entry(
                _("Workflows"),
                "account_tree",
                "admin:workflows_workflowdefinition_changelist",
                "workflows.view_workflowdefinition",
            ),
            Entry(
                _("Task definitions"),
                "list_alt",
                "admin:workflows_taskdefinition_changelist",
                "workflows.view_taskdefinition",
            ),
            Entry(
                _("Ticket types"),
                "local_activity",
                "admin:workflows_ticketdefinition_changelist",
                "workflows.view_ticketdefinition",
            ),
        ),
    ),
    Section(
        MenuSection.COMPANY,
        _("Company"),
        (
            Entry(_("People"), "group", "admin:tenants_user_changelist", "tenants.view_user"),
            Entry(
                _("Company roles"),
                "badge",
                "admin:workflows_companyrole_changelist",
                "workflows.view_companyrole",
            ),
            Entry(
                _("Audit log"),
                "policy",
                "admin:audit_auditevent_changelist",
                "audit.view_auditevent",
            ),
            Entry(
                _("Mails"),
                "outbox",
                "admin:mail_outgoingmail_changelist",
                "mail.view_outgoingmail",
            ),
            Entry(
                _("Webhooks"),
                "webhook",
                "admin:tickets_webhook_changelist",
                "tickets.view_webhook",
            ),
        ),
    ),
    Section(
        MenuSection.INSTALLATION,
        _("Installation"),
        (
            Entry(
                _("Companies"),
                "apartment",
                "admin:tenants_company_changelist",
                "tenants.view_company",
                inside=None,
            ),
            Entry(
                _("People and superusers"),
                "group",
                "admin:tenants_user_changelist",
                "tenants.view_user",
                inside=False,
            ),
            Entry(
                _("Audit log of the installation"),
                "policy",
                "admin:audit_auditevent_changelist",
                "audit.view_auditevent",
                inside=False,
            ),
            Entry(
                _("Mails of the installation"),
                "outbox",
                "admin:mail_outgoingmail_changelist",
                "mail.view_outgoingmail",
                inside=False,
            ),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's `SIDEBAR.navigation`: the sections that have something for this person."""
    if not isinstance(request.user, User):
        return []
    sections = sections_for(request)
    current = current_url(
        request.path, [link.url for _section, links in sections for link in links]
    )
    return [
        {
            "title": section.title,
            "separator": section.title is not None,
            "items": [
                _item(
                    request.user,
                    link,
                    active=link.url == current,
                    is_here=link.url == request.path,
                )
                for link in links
            ],
        }
        for section, links in sections
    ]


def sections() -> list[Section]:
    """All there is: the lists, and among them the pages that say where they stand.

    The order of a page is that of the lists before it, times ten, and what it adds.
    """
    return _sections_with(tuple(registered_pages()))


@lru_cache(maxsize=8)
def _sections_with(pages: tuple[RegisteredPage, ...]) -> list[Section]:
    return [replace(section, entries=tuple(_with_pages(section, pages))) for section in LISTS]


def _with_pages(section: Section, pages: tuple[RegisteredPage, ...]) -> list[Entry]:
    found = [(10 * position, entry) for position, entry in enumerate(section.entries, start=1)]
    for each in pages:
        menu = each.page.menu
        if menu is not None and menu.section == section.key:
            title = menu.title or each.page.title
            entry = Entry(title, menu.icon, f"admin:{each.name}", page=each.page)
            found.append((menu.order, entry))
    return [entry for _order, entry in sorted(found, key=lambda each: each[0])]


def sections_for(request: HttpRequest) -> list[tuple[Section, list[Link]]]:
    """Each section with what this person may use of it; empty ones are left out.

    Found once in a request: a page has it in the sidebar and in its breadcrumbs.
    """
    kept: dict[str, Any] = vars(request)
    if KEPT not in kept:
        kept[KEPT] = list(_sections_for(request))
    found: list[tuple[Section, list[Link]]] = kept[KEPT]
    return found


def _sections_for(request: HttpRequest) -> Iterator[tuple[Section, list[Link]]]:
    for section in sections():
        links = [
            Link(entry, address_of(entry.url_name))
            for entry in section.entries
            if is_offered(entry, request)
        ]
        if links:
            yield section, links


def address_of(name: str) -> str:
    """The address of a page that needs nothing besides. Each page has some thirty of them."""
    return _address_of(name, get_urlconf(), get_script_prefix())


@cache
def _address_of(name: str, urlconf: str | None, prefix: str) -> str:
    return reverse(name, urlconf)


def is_offered(entry: Entry, request: HttpRequest) -> bool:
    if entry.page is not None:
        return entry.page.is_offered(request)
    if entry.inside is not None and entry.inside != (active_company(request) is not None):
        return False
    if not entry.permission or request.user.has_perm(entry.permission):
        return True
    return bool(entry.or_permission) and request.user.has_perm(entry.or_permission)


def current_url(path: str, urls: list[str]) -> str:
    """The entry that the page belongs to: the longest one that its path begins with."""
    dashboard = address_of("admin:index")
    candidates = [url for url in urls if path == url or (url != dashboard and path.startswith(url))]
    return max(candidates, key=len, default="")


def _item(user: User, link: Link, *, active: bool, is_here: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "title": link.entry.title,
        "icon": link.entry.icon,
        "link": link.url,
        "active": active,
    }
    if link.entry.badge is not None:
        if is_here:  # the list beside it says how many there are now
            forget_count(link.entry.url_name, user)
        count = cached_count(link.entry.url_name, link.entry.badge, user)
        item["badge"] = count if count <= GLANCE else count_in_words(count)
        item["badge_variant"] = link.entry.badge_variant
    return item


def cached_count(name: str, count: Callable[[User], int], user: User) -> int:
    """The count of a badge, at most BADGE_SECONDS old.

    The cache's KEY_FUNCTION puts the company's schema in front, so that a superuser does not
    carry one company's count into another.
    """
    return int(counts.get_or_set(_key(name, user), lambda: count(user), BADGE_SECONDS) or 0)


def forget_count(name: str, user: User) -> None:
    """Have the count of a badge made anew."""
    counts.delete(_key(name, user))


def _key(name: str, user: User) -> str:
    return f"badge:{name}:{user.pk}"


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's `ACCOUNT.navigation`: the menu under one's own name."""
    links = [
        (_("Profile"), "admin:account_profile"),
        (_("Change password"), "admin:password_change"),
        (_("E-mail address"), "admin:account_address"),
        (_("Second factor"), "admin:account_second_factor"),
        (_("Where you are logged in"), "admin:account_sessions"),
    ]
    if OwnTokensPage.admits(request):
        links.append((_("My tokens"), "admin:account_tokens"))
    if NoticePreferencesPage.admits(request):
        links.append((_("How you are told"), "admin:notice_preferences"))
    if AbsencePage.admits(request):
        links.append((_("When you are away"), "admin:tickets_mytask_absence"))
    links.append((_("Accessibility"), "accessibility"))
    return [{"title": title, "link": address_of(name)} for title, name in links]


def visitors_start_page(request: HttpRequest) -> str | None:
    """Unfold's `SITE_URL`."""
    return None if request.user.is_authenticated else reverse("landing")
