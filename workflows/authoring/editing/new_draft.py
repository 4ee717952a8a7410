from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.next_version import lock_definitions
from workflows.authoring.importing.whole_bundle import WholeBundle
from workflows.models import WorkflowDefinition

DRAFT_BEGUN = declare("definitions.draft_begun", _("Began a draft of a workflow"))


@transaction.atomic
def new_draft(*, workflow: WorkflowDefinition, user: User | None) -> WorkflowDefinition:
    """Copy a version, its ticket types and test cases included, as the next draft of its workflow.

    Also one that does not pass the checks of today: they are shown while the draft is edited,
    and publishing it is refused until it does. Where a draft that there is will do, ask
    `edit_workflow`.
    """
    lock_definitions()
    bundle = WholeBundle(export_bundle(workflow=workflow))
    draft = bundle.make_draft(bundle.make_roles(), user=user)
    record(DRAFT_BEGUN, about=draft, person=user, key=draft.key, version=draft.version)
    return draft
