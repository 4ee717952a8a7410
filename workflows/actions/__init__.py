"""Calls to other systems.

`prepare_call` makes the request of a task, `signed` signs it, `make_call` sends it, and
`read_output` makes the task's output of the answer, `read_callback` of one that came later.
The addresses are written by customers: destinations.py says where a call may go.
"""

from __future__ import annotations

from workflows.actions.client import make_call
from workflows.actions.contract import Answer, CallRequest
from workflows.actions.destinations import check_url
from workflows.actions.errors import ActionError, TemporaryActionError
from workflows.actions.input import prepare_call
from workflows.actions.output import check_status, parse_json, read_callback, read_output
from workflows.actions.pauses import pause_before
from workflows.actions.signature import signed

__all__ = [
    "ActionError",
    "Answer",
    "CallRequest",
    "TemporaryActionError",
    "check_status",
    "check_url",
    "make_call",
    "parse_json",
    "pause_before",
    "prepare_call",
    "read_callback",
    "read_output",
    "signed",
]
