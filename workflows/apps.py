from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.engine.texts import translate_with


class WorkflowsConfig(AppConfig):
    """Definitions of processes, and the instances of them that are running."""

    name = "workflows"
    verbose_name = _("Workflows")

    def ready(self) -> None:
        # Registers them; it reads models, which are not there before.
        from workflows import checks  # noqa: F401, PLC0415
        from workflows.actions import identity_providers  # noqa: F401, PLC0415

        translate_with(gettext)
