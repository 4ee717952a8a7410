from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.definitions.next_version import lock_definitions
from workflows.authoring.publishing.definition_changed import DEFINITION_CHANGED
from workflows.authoring.ticket_types.starts_moved import STARTS_MOVED
from workflows.errors import NotPublishedError
from workflows.models import TicketDefinition, WorkflowDefinition

RETIRED = declare("definitions.retired", _("Retired a workflow"))


@transaction.atomic
def retire_workflow(
    *, workflow: WorkflowDefinition, user: User | None, now: datetime | None = None
) -> WorkflowDefinition:
    """Retire a published workflow without a successor.

    Its ticket types are offered no more; tickets that run finish. `new_draft` of the retired
    version, published, brings it back.

    Raises:
        NotPublishedError: it is a draft, retired already, or gone.
    """
    lock_definitions()
    now = now or timezone.now()
    published = WorkflowDefinition.objects.select_for_update().filter(pk=workflow.pk).first()
    if published is None or not published.is_published:
        raise NotPublishedError
    published.retire(by=user, now=now)
    published.save(update_fields=["status", "retired_by", "retired_at", "updated_at"])
    offered = TicketDefinition.objects.active().filter(workflow__key=published.key)
    keys = set(offered.values_list("key", flat=True))
    offered.update(is_active=False, updated_at=now)
    STARTS_MOVED.call_all(keys, user)
    DEFINITION_CHANGED.call_all(published, user)
    record(RETIRED, about=published, person=user, key=published.key, version=published.version)
    return published
