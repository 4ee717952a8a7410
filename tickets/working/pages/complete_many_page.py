"""Many tasks of the list that ask the same: one form for all of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext

from tenants.limits.bodies import LARGE_BODY
from tenants.pages.numbers import number_in
from tenants.pages.page import register_page
from tenants.refusals import refusals
from tickets.models import MyTask
from tickets.seeing.task_holders import still_theirs
from tickets.working.complete_many import MOST_AT_ONCE, complete_many, form_of, same_form
from tickets.working.pages.worker_page import WorkerPage, with_ticket
from workflows.engine.errors import FieldError
from workflows.forms import AnswersForm
from workflows.models import TaskDefinition

# In the address, and in the form: the tasks by their numbers.
TASK = "task"
# In the form: the definition of the task that was shown.
DEFINITION = "definition"
MOST_REASONS = 10


@register_page(MyTask, "complete/", name="tickets_mytask_complete_many")
class CompleteManyPage(WorkerPage):
    """GET shows the form of the tasks that the address names; POST completes each with it.

    What is sent names the form that the person has seen, and the tasks that it was said to
    complete: no other is chosen anew, whatever has become of them.
    """

    title = gettext_lazy("Complete several tasks")
    template_name = "working/complete_many.html"
    largest_body = LARGE_BODY

    def find(self, **arguments: Any) -> None:
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        numbers = list(dict.fromkeys(number_in(each) for each in sent.getlist(TASK)))
        chosen = [each for each in numbers if each is not None][:MOST_AT_ONCE]
        everybodys: Any = MyTask.objects.assigned_to(self.person)
        tasks = with_ticket(still_theirs(self.person, everybodys))
        own = tasks.select_related("definition__workflow").in_bulk(chosen)
        self.tasks: list[MyTask] = [own[pk] for pk in chosen if pk in own]
        if not self.tasks:
            raise Http404
        self.seen = self._seen_form()
        self.definition = self.seen or form_of(self.tasks)
        self.fitting, self.left_out = same_form(self.tasks, self.definition)

    def _seen_form(self) -> TaskDefinition | None:
        number = number_in(self.request.POST.get(DEFINITION, ""))
        if number is None:
            return None
        return TaskDefinition.objects.select_related("workflow").filter(pk=number).first()

    def back(self) -> HttpResponse:
        return redirect("admin:tickets_mytask_changelist")

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._page(self._form())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = self._form(request.POST)
        if form is not None and self.seen is None:
            text = gettext("Check which tasks are completed, then send this again.")
            messages.warning(request, text)
            return self._page(form)
        if form is None or not form.is_valid():
            return self._page(form)
        found = complete_many(tasks=self.fitting, output=form.answers(), user=self.person)
        done = [each for each in found if not each.refusal]
        if done:
            text = ngettext("%(count)d task is done.", "%(count)d tasks are done.", len(done))
            messages.success(request, text % {"count": len(done)})
        refused = [each for each in [*found, *self.left_out] if each.refusal]
        for each in refused[:MOST_REASONS]:
            words = {"ticket": each.task.workflow_instance.ticket, "reason": each.refusal}
            text = gettext("Not completed: %(ticket)s. %(reason)s")
            messages.warning(request, text % words)
        if len(refused) > MOST_REASONS:
            count = len(refused) - MOST_REASONS
            text = ngettext(
                "%(count)d more was not completed.", "%(count)d more were not completed.", count
            )
            messages.warning(request, text % {"count": count})
        return self.back()

    def _form(self, data: Any = None) -> AnswersForm | None:
        if not self.fitting or self.definition is None:
            return None
        with refusals(FieldError):
            return AnswersForm(self.definition.fields, data=data)
        return None

    def _page(self, form: AnswersForm | None) -> HttpResponse:
        first = self.fitting[0] if self.fitting else self.tasks[0]
        is_conditional = form is not None and form.is_conditional
        address = reverse("admin:tickets_mytask_visible", args=(first.pk,))
        return self.show(
            form=form,
            visible_url=address if is_conditional else "",
            fitting=self.fitting,
            refused=self.left_out,
            definition=self.definition,
            task=first,
        )
