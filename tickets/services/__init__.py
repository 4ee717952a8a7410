"""What changes tickets: one module for each verb."""

from tickets.services.advance_ticket import advance_ticket
from tickets.services.cancel_ticket import cancel_ticket
from tickets.services.change_test_cases import (
    add_test_case,
    delete_test_case,
    expect_way_of_now,
    record_test_case_anew,
    rename_test_case,
)
from tickets.services.clean_up_uploads import clean_up_uploads
from tickets.services.compare_versions import compare_in_words, compare_versions
from tickets.services.complete_task import complete_task, start_task
from tickets.services.correct_data import (
    correct_task_input,
    correct_task_output,
    correct_ticket_data,
)
from tickets.services.delete_draft import delete_draft, uses_of_draft
from tickets.services.expire_call import expire_call
from tickets.services.export_bundle import export_bundle
from tickets.services.findings import Findings, check_file, findings_of
from tickets.services.finish_task import finish_task_by_hand
from tickets.services.hold_ticket import hold_ticket, resume_ticket
from tickets.services.import_bundle import (
    BundlePreview,
    import_bundle,
    preview_bundle,
    problems_here,
)
from tickets.services.import_run import (
    apply_import,
    forget_import,
    go_on_importing,
    is_large,
    look_after,
    start_import,
)
from tickets.services.keep_file import keep_file
from tickets.services.make_workflow import (
    duplicate_workflow,
    edit_workflow,
    make_workflow,
)
from tickets.services.move_tickets import TicketMove, move_tickets, preview_move
from tickets.services.new_draft import new_draft
from tickets.services.publish_workflow import publish_workflow, publishing_problems
from tickets.services.reassign_task import reassign_task
from tickets.services.receive_callback import receive_callback
from tickets.services.repair import marker_of, may_repair
from tickets.services.retry_many import go_on_retrying, retry_many
from tickets.services.retry_step import retry_step
from tickets.services.run_action import run_action
from tickets.services.run_test_cases import run_cases_of_draft, run_test_cases, trial_of
from tickets.services.save_answers import (
    discard_saved_answers,
    save_task_answers,
    save_ticket_answers,
)
from tickets.services.save_draft import save_draft
from tickets.services.stop_offering import stop_offering
from tickets.services.submit_ticket import submit_ticket
from tickets.services.timers import fire_timer

__all__ = [
    "BundlePreview",
    "Findings",
    "TicketMove",
    "add_test_case",
    "advance_ticket",
    "apply_import",
    "cancel_ticket",
    "check_file",
    "clean_up_uploads",
    "compare_in_words",
    "compare_versions",
    "complete_task",
    "correct_task_input",
    "correct_task_output",
    "correct_ticket_data",
    "delete_draft",
    "delete_test_case",
    "discard_saved_answers",
    "duplicate_workflow",
    "edit_workflow",
    "expect_way_of_now",
    "expire_call",
    "export_bundle",
    "findings_of",
    "finish_task_by_hand",
    "fire_timer",
    "forget_import",
    "go_on_importing",
    "go_on_retrying",
    "hold_ticket",
    "import_bundle",
    "is_large",
    "keep_file",
    "look_after",
    "make_workflow",
    "marker_of",
    "may_repair",
    "move_tickets",
    "new_draft",
    "preview_bundle",
    "preview_move",
    "problems_here",
    "publish_workflow",
    "publishing_problems",
    "reassign_task",
    "receive_callback",
    "record_test_case_anew",
    "rename_test_case",
    "resume_ticket",
    "retry_many",
    "retry_step",
    "run_action",
    "run_cases_of_draft",
    "run_test_cases",
    "save_draft",
    "save_task_answers",
    "save_ticket_answers",
    "start_import",
    "start_task",
    "stop_offering",
    "submit_ticket",
    "trial_of",
    "uses_of_draft",
]
