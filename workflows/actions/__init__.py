"""Calls to other systems.

`prepare_call` makes the request of a task, `make_call` sends it, and `read_output` makes the
task's output of the answer. The addresses are written by customers: destinations.py says
where a call may go.
"""

from __future__ import annotations

from workflows.actions.client import make_call
from workflows.actions.contract import Answer, CallRequest
from workflows.actions.destinations import check_url
from workflows.actions.errors import ActionError, TemporaryActionError
from workflows.actions.input import prepare_call
from workflows.actions.output import read_output

__all__ = [
    "ActionError",
    "Answer",
    "CallRequest",
    "TemporaryActionError",
    "check_url",
    "make_call",
    "prepare_call",
    "read_output",
]
