"""The messages of a ticket: to read, and to write."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from tenants.limits.bodies import FILES_BODY, SMALL_BODY
from tenants.models import User
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.numbers import number_in
from tenants.pages.once import sent_token
from tenants.pages.page import Page, register_page, with_pages
from tenants.pages.refusals import refusals_in, where_from
from tickets.canned_replies.placeholders import filled
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.errors import QuestionInternalError
from tickets.conversation.follow_ticket import follow_ticket, unfollow_ticket
from tickets.conversation.go_on import go_on_without_answer
from tickets.conversation.pages.message_form import MessageForm
from tickets.conversation.pages.timeline import Conversation, conversation_address
from tickets.conversation.write_message import Written, write_message
from tickets.files.keep_file import make_versions
from tickets.models import CannedReply, Message, Ticket, Visibility
from tickets.saving.pages.saved import forget_typed
from tickets.taking_part.access import Access, access_to, participants
from workflows.errors import NotYourTaskError
from workflows.models import TaskInstance, TaskStatus

MOST_NAMES = 300


@admin.register(Message)
class MessageAdmin(CompanyModelAdmin):
    """No list: messages are read on the pages of their tickets."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return with_pages(self, [])


class TicketPage(Page):
    """A page about a ticket, for who takes part in it; others cannot tell that it exists."""

    # `find` decides, and says to all others the same.
    permissions = ()

    ticket: Ticket
    access: Access

    def turn_away(self) -> HttpResponse:
        raise Http404

    def find(self, **arguments: Any) -> None:
        number = number_in(str(arguments["ticket_id"]))
        tickets = Ticket.objects.select_related("definition", "created_by", "workflow_instance")
        ticket = None if number is None else tickets.filter(pk=number).first()
        access = None if ticket is None else access_to(ticket, self.person)
        if ticket is None or not access:
            raise Http404
        self.ticket, self.access = ticket, access

    def back(self) -> HttpResponse:
        return redirect(where_from(self.request))


@register_page(Message, "ticket/<int:ticket_id>/", name="tickets_message_conversation")
class ConversationPage(TicketPage):
    """GET shows what was written on a ticket; POST writes, from whichever page."""

    template_name = "conversation/page.html"
    largest_body = FILES_BODY

    @classmethod
    def body_limit(cls, request: HttpRequest) -> int:
        """As a form with files, from whoever may have one."""
        screens = ("view_myticket", "view_mytask", "view_ticket")
        may_write = any(request.user.has_perm(f"tickets.{screen}") for screen in screens)
        return cls.largest_body if cls.admits(request) and may_write else SMALL_BODY

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._page(None)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        token = sent_token(request)
        form = MessageForm(
            request.POST, request.FILES, access=self.access, person=self.person, token=token
        )
        form.is_valid()
        form.keep_files()
        form.find_twins(self.ticket)
        written: Written | None = None
        if form.is_valid():
            with refusals_in(form), transaction.atomic():
                written = self._write(form)
                make_versions(form.firsts, message=written.message)
        if written is None:
            return self._page(form)
        warn_of_strangers(request, written)
        return self._to(written.message)

    def _write(self, form: MessageForm) -> Written:
        text, now = form.cleaned_data["text"], timezone.now()
        if form.asks is None:
            return write_message(
                ticket=self.ticket,
                user=self.person,
                text=text,
                visibility=form.chosen_visibility,
                files=form.keys,
                token=form.token,
                now=now,
            )
        if form.chosen_visibility is Visibility.INTERNAL:
            raise QuestionInternalError
        task = self._own_task(form.asks)
        if task is None:
            raise NotYourTaskError
        return ask_requester(
            task=task, user=self.person, text=text, files=form.keys, token=form.token, now=now
        )

    def _own_task(self, number: int | None) -> TaskInstance | None:
        its = TaskInstance.objects.filter(workflow_instance=self.ticket.workflow_instance_id)
        return its.filter(pk=number or 0, assigned_to=self.person).first()

    def _to(self, message: Message) -> HttpResponse:
        """To the page on which it was written, where it stands now."""
        page = urlsplit(where_from(self.request)).path
        known = page.startswith("/") and page != self.request.path
        address = page if known else conversation_address(self.ticket)
        answer = redirect(f"{address}#message-{message.pk}")
        return forget_typed(answer, f"message.{self.ticket.pk}")

    def _page(self, form: MessageForm | None) -> HttpResponse:
        ticket = self.ticket
        conversation = Conversation(
            self.request,
            ticket,
            self.person,
            form=form,
            access=self.access,
            task=self._own_task(form.asks) if form is not None and form.asks else None,
        )
        return self.show(
            title=_("Messages of ticket %(number)s") % {"number": ticket.number},
            ticket=ticket,
            conversation=conversation,
            ticket_address=ticket_address(ticket, self.person),
        )


@register_page(Message, "task/<int:task_id>/go-on/", name="tickets_message_go_on")
class GoOnPage(TicketPage):
    """POST lets one's own task go on that waits for an answer."""

    http_method_names = ["post"]

    task: TaskInstance

    def find(self, **arguments: Any) -> None:
        number = number_in(str(arguments["task_id"]))
        own = TaskInstance.objects.filter(pk=number or 0, assigned_to=self.person)
        task = own.select_related("workflow_instance__ticket").first()
        if task is None:
            raise Http404
        super().find(ticket_id=task.workflow_instance.ticket.pk)
        self.task = task

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        go_on_without_answer(task=self.task, user=self.person, now=timezone.now())
        return redirect("admin:tickets_mytask_change", self.task.pk)


@register_page(Message, "ticket/<int:ticket_id>/names/", name="tickets_message_names")
class NamesPage(TicketPage):
    """GET answers whom an @ may name: those who may read what is being written."""

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        visibilities = self.access.visibilities
        asked = request.GET.get("visibility", "")
        visibility = next((each for each in visibilities if each == asked), visibilities[0])
        people = [
            each.person
            for each in participants(self.ticket)
            if each.access.may_write(visibility) and each.person.pk != self.person.pk
        ]
        return JsonResponse({"people": _named(people[:MOST_NAMES])})


@register_page(Message, "ticket/<int:ticket_id>/replies/", name="tickets_message_replies")
class RepliesPage(TicketPage):
    """GET answers the canned replies that this person may put in here, filled for the ticket."""

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not self.access.internal:
            raise Http404

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        values = {
            "number": self.ticket.number,
            "title": self.ticket.title,
            "requester": str(self.ticket.created_by),
            "me": str(self.person),
        }
        replies = CannedReply.objects.seen_by(self.person).order_by("name")
        texts = [(each.name, filled(each.text, values)) for each in replies]
        return JsonResponse({"replies": [{"title": name, "text": text} for name, text in texts]})


@register_page(Message, "ticket/<int:ticket_id>/follow/", name="tickets_message_follow")
class FollowPage(TicketPage):
    """POST follows the ticket, or does so no longer."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if request.POST.get("follow") == "no":
            unfollow_ticket(ticket=self.ticket, user=self.person)
            messages.success(request, _("You do not follow this ticket any more."))
            if not access_to(self.ticket, self.person):
                return redirect("admin:index")
        else:
            follow_ticket(ticket=self.ticket, user=self.person, now=timezone.now())
            messages.success(request, _("You follow this ticket now."))
        return self.back()


def _named(people: list[User]) -> list[dict[str, str]]:
    """What the list shows of each, and what is put in: the address where a name is not the only."""
    names = [str(each) for each in people]
    return [
        {"name": name, "typed": name if names.count(name) == 1 else person.email}
        for name, person in zip(names, people, strict=True)
    ]


def warn_of_strangers(request: HttpRequest, written: Written) -> None:
    if written.strangers:
        names = ", ".join(f"@{Truncator(each).chars(80)}" for each in written.strangers)
        text = _("Not told, as they are not here or cannot read it: %(names)s")
        messages.warning(request, text % {"names": names})


def ticket_address(ticket: Ticket, person: User) -> str:
    """The page on which this person sees more of the ticket; empty: there is none."""
    if person.has_perm("tickets.view_ticket"):
        return reverse("admin:tickets_ticket_change", args=(ticket.pk,))
    if ticket.created_by_id == person.pk and person.has_perm("tickets.view_myticket"):
        return reverse("admin:tickets_myticket_change", args=(ticket.pk,))
    instance = ticket.workflow_instance
    task = instance.current_task if instance is not None else None
    if task is None:
        return ""
    number = task.pk if task.assigned_to_id == person.pk else None
    if task.assigned_to_id is None and task.status == TaskStatus.IN_PROGRESS:  # a block, perhaps
        theirs = TaskInstance.objects.to_do(person).current()
        its = theirs.filter(workflow_instance=instance, path__isnull=False)
        number = its.order_by("pk").values_list("pk", flat=True).first()
    return "" if number is None else reverse("admin:tickets_mytask_change", args=(number,))
