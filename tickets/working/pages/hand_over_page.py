"""An own task that is given to a colleague."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from tenants.models import User
from tenants.pages.numbers import number_in
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_in
from tickets.errors import ReasonMissingError
from tickets.following.pages.workers import worker_choices
from tickets.models import MyTask
from tickets.saving.pages.saved import forget_typed
from tickets.seeing.task_holders import still_theirs
from tickets.working.hand_over import hand_over
from tickets.working.pages.work_page import form_name, ticket_of
from tickets.working.pages.worker_page import WorkerPage, with_ticket


class HandOverForm(forms.Form):
    use_required_attribute = False

    worker = forms.ChoiceField(
        label=gettext_lazy("To whom"),
        help_text=gettext_lazy(
            "Only those who may do this task. Those who are there and have the least to do first."
        ),
        widget=UnfoldAdminSelectWidget,
        error_messages={
            "required": gettext_lazy("Choose a colleague."),
            "invalid_choice": gettext_lazy(
                "This person can no longer be given this task. Choose again."
            ),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy(
            "Your colleague reads it with the task, and it stands in the ticket's history."
        ),
        max_length=2_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        error_messages={"required": ReasonMissingError.message},
    )

    def __init__(self, data: Any, *, colleagues: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["worker"].choices = [("", gettext("Choose…")), *colleagues]  # type: ignore[attr-defined]


@register_page(MyTask, "<int:object_id>/hand-over/", name="tickets_mytask_hand_over")
class HandOverPage(WorkerPage):
    """GET asks to whom and why; POST gives it to them."""

    title = gettext_lazy("Hand a task to a colleague")
    template_name = "working/hand_over.html"

    task: MyTask

    def find(self, **arguments: Any) -> None:
        number = number_in(str(arguments["object_id"]))
        everybodys: Any = MyTask.objects.assigned_to(self.person)
        own = with_ticket(still_theirs(self.person, everybodys))
        task = None if number is None else own.filter(pk=number).first()
        if not isinstance(task, MyTask):
            raise Http404
        self.task = task

    def back(self) -> HttpResponse:
        return redirect("admin:tickets_mytask_changelist")

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not self.task.is_workable:
            messages.warning(request, gettext("There is nothing to do about this task now."))
            return self.back()
        return self._page(self._form())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = self._form(request.POST)
        if form.is_valid():
            with refusals_in(form):
                to = User.objects.get(pk=int(form.cleaned_data["worker"]))
                got_it = hand_over(
                    task=self.task,
                    to=to,
                    by=self.person,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
                words = {"task": self.task, "person": got_it}
                messages.success(request, gettext("“%(task)s” is with %(person)s now.") % words)
                return forget_typed(self.back(), form_name(self.task))
        return self._page(form)

    def _form(self, data: Any = None) -> HandOverForm:
        colleagues = worker_choices(self.task, has_it=self.person.pk, without_them=True)
        return HandOverForm(data, colleagues=colleagues)

    def _page(self, form: HandOverForm) -> HttpResponse:
        return self.show(
            form=form,
            task=self.task,
            ticket=ticket_of(self.task),
            original=self.task,
            has_colleagues=len(form.fields["worker"].choices) > 1,  # type: ignore[attr-defined]
        )
