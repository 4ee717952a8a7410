"""Who is told when a version of a workflow is published or retired."""

from __future__ import annotations

from typing import Final

from tenants.hooks import Hook
from tenants.models import User
from workflows.models import WorkflowDefinition

# Called in the transaction, with the version and whoever did it. An app above registers.
DEFINITION_CHANGED: Final[Hook[[WorkflowDefinition, User | None], None]] = Hook()
