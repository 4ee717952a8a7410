from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskInstance


class MyTask(TaskInstance):
    """A task on the screens of the worker who has it, with permissions of its own."""

    class Meta:
        proxy = True
        verbose_name = _("my task")
        verbose_name_plural = _("my tasks")
