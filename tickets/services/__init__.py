"""What changes tickets: one module for each verb."""

from tickets.services.advance_ticket import advance_ticket
from tickets.services.complete_task import complete_task, start_task
from tickets.services.export_bundle import export_bundle
from tickets.services.import_bundle import BundlePreview, import_bundle, preview_bundle
from tickets.services.keep_file import keep_file
from tickets.services.new_draft import new_draft
from tickets.services.publish_workflow import publish_workflow, publishing_problems
from tickets.services.run_action import run_action
from tickets.services.submit_ticket import submit_ticket

__all__ = [
    "BundlePreview",
    "advance_ticket",
    "complete_task",
    "export_bundle",
    "import_bundle",
    "keep_file",
    "new_draft",
    "preview_bundle",
    "publish_workflow",
    "publishing_problems",
    "run_action",
    "start_task",
    "submit_ticket",
]
