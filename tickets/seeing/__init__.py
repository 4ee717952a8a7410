"""What a person may see of a ticket: its answers, its files, the reason of its end.

Everything that shows, sends, finds or writes down what came of a ticket's tasks asks here and
nowhere else. `tickets/seeing/tests/test_nobody_else_shows_answers.py` holds that.
"""

from tickets.seeing.answers import (
    MOST_ANSWERED,
    TaskAnswers,
    answers_for_requester,
    answers_in_rounds,
    answers_of_contact,
    output_layout,
    outputs_in,
    outputs_now,
    outputs_of_visits,
    shown_answers,
    shown_output,
    submitted_about,
    submitted_answers,
    submitted_layout,
    uploads_for_requester,
    visible_answers,
)
from tickets.seeing.changes import ChangedAnswers, changed_answers
from tickets.seeing.for_webhooks import answers_for_webhooks
from tickets.seeing.hidden import hidden_tasks, hidden_uploads, is_hidden_from_some
from tickets.seeing.in_messages import AnswersInMail
from tickets.seeing.reasons import Handover, cancel_reason, cancel_reasons, handover_of
from tickets.seeing.rounds import Rounds, in_rounds, newest_visits
from tickets.seeing.viewer import Viewer, has_or_had_task, not_for_requester, viewer_of

__all__ = [
    "MOST_ANSWERED",
    "AnswersInMail",
    "ChangedAnswers",
    "Handover",
    "Rounds",
    "TaskAnswers",
    "Viewer",
    "answers_for_requester",
    "answers_for_webhooks",
    "answers_in_rounds",
    "answers_of_contact",
    "cancel_reason",
    "cancel_reasons",
    "changed_answers",
    "handover_of",
    "has_or_had_task",
    "hidden_tasks",
    "hidden_uploads",
    "in_rounds",
    "is_hidden_from_some",
    "newest_visits",
    "not_for_requester",
    "output_layout",
    "outputs_in",
    "outputs_now",
    "outputs_of_visits",
    "shown_answers",
    "shown_output",
    "submitted_about",
    "submitted_answers",
    "submitted_layout",
    "uploads_for_requester",
    "viewer_of",
    "visible_answers",
]
