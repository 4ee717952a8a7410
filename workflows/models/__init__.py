from workflows.models.action_attempt import ActionAttempt, AttemptOutcome
from workflows.models.business_calendar import BusinessCalendar
from workflows.models.company_role import CompanyRole
from workflows.models.contact import Contact, ContactLink
from workflows.models.described_process import DescribedProcess, DescribedStatus
from workflows.models.import_run import ImportRun, ImportStatus
from workflows.models.invitation import Invitation
from workflows.models.path import Path, PathStatus
from workflows.models.signing_secret import SigningSecret
from workflows.models.task_definition import TaskDefinition
from workflows.models.task_instance import TaskInstance, TaskStatus
from workflows.models.ticket_definition import TicketDefinition
from workflows.models.transition import Transition
from workflows.models.workflow_definition import DefinitionStatus, WorkflowDefinition
from workflows.models.workflow_event import WorkflowEvent
from workflows.models.workflow_instance import WorkflowInstance, WorkflowStatus

__all__ = [
    "ActionAttempt",
    "AttemptOutcome",
    "BusinessCalendar",
    "CompanyRole",
    "Contact",
    "ContactLink",
    "DefinitionStatus",
    "DescribedProcess",
    "DescribedStatus",
    "ImportRun",
    "ImportStatus",
    "Invitation",
    "Path",
    "PathStatus",
    "SigningSecret",
    "TaskDefinition",
    "TaskInstance",
    "TaskStatus",
    "TicketDefinition",
    "Transition",
    "WorkflowDefinition",
    "WorkflowEvent",
    "WorkflowInstance",
    "WorkflowStatus",
]
