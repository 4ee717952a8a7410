"""Registers the jobs of tickets with the queue, which looks for them in a module of this name."""

from tickets.advancing import jobs as advancing
from tickets.calling import jobs as calling
from tickets.company_data import jobs as company_data
from tickets.company_use import jobs as company_use
from tickets.erasing import jobs as erasing
from tickets.files import jobs as files
from tickets.finding import jobs as finding
from tickets.keeping import jobs as keeping
from tickets.notices import jobs as notices
from tickets.overseeing import jobs as overseeing
from tickets.repairing import jobs as repairing
from tickets.replying import jobs as replying
from tickets.starting import jobs as starting
from tickets.subtickets import jobs as subtickets
from tickets.undelivered import jobs as undelivered
from tickets.webhooks import jobs as webhooks

__all__ = [
    "advancing",
    "calling",
    "company_data",
    "company_use",
    "erasing",
    "files",
    "finding",
    "keeping",
    "notices",
    "overseeing",
    "repairing",
    "replying",
    "starting",
    "subtickets",
    "undelivered",
    "webhooks",
]
