"""Whose request is next: senders take turns.

Django does one request at a time in each process. In one queue for everybody, whoever sends many
requests, or some that cost much (each log-in computes a password's hash for half a second),
lets all others wait behind them. So each sender has a line of their own, and the lines take turns;
within a line its members do. Where too many wait, the longest line loses the newest of its member
who has most.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from tenants.limits.sender import place_of_sender, sender_in

# Forms of those who are not logged in, wherever they come from: who has many addresses has not many
# turns.
VISITORS = "visitors"
# What is sent to these addresses is such a form, whatever session it names: nobody looks here
# whether there is that session. A test compares them with tenants/limits/table.py.
FOR_VISITORS = (
    "/app/login/",
    "/callbacks/",
    "/demo/accounting/",
    "/forgotten-password/",
    "/form/",
    "/in/",
    "/invitation/",
    "/mail-in",
    "/new-address/",
    "/new-password/",
    "/oauth/",
    "/rate/",
    "/sign-up/",
    "/start/",
    "/started/",
    "/stop-mail/",
)
_READS = ("GET", "HEAD", "OPTIONS")
# What may take seconds: checks, trials, tests, replays and comparisons of workflows, wherever they
# come from, the report that programs read, and the page that asks the host of a program who that
# is. Who has many addresses has not many turns of these, and they wait for each other. A test
# compares them with what pages and operations say of themselves.
DEAR = "dear"
# What assistants ask for stands in the body, which nobody has read here: all of it is such.
_DEAR_AT = re.compile(
    r"POST /mcp"
    r"|POST /api/v1/(bundles/check|workflows|workflows/[^/]+/(try|tests|replay|publish|move))"
    r"|PUT /api/v1/workflows/[^/]+"
    r"|GET /api/v1/(report|workflows/[^/]+/(changes|publishable))"
    r"|(GET|POST) /app/workflows/workflowdefinition/[^/]+/(try|tests)/"
    r"|GET /app/workflows/workflowdefinition/([^/]+/(replay|compare)|gallery/[^/]+)/"
    r"|POST /app/workflows/workflowdefinition/"
    r"([^/]+/(try/visible|publish|edit)|import|editor/(check|carry)|gallery/[^/]+/use)/"
    r"|POST /app/workflows/taskdefinition/upload/"
    r"|(GET|POST) /app/account/connect/"
)


class TooManyWaitError(Exception):
    """There is no room for this request."""


def line_of(request: Mapping[str, Any]) -> tuple[str, str]:
    """In which line a request stands, and as which member of it.

    A line is a sender's address, its members are the sessions: many people may stand behind one
    address. Nothing is asked of the database, so who invents sessions has many members, and still
    one line. Forms of visitors share one line, whose members are their addresses, and so does what
    may take seconds.
    """
    place = place_of_sender(sender_in(request))
    is_form = request["REQUEST_METHOD"] not in _READS
    cookies = request.get("HTTP_COOKIE", "")
    found = re.search(rf"(?:^|;)\s*{re.escape(settings.SESSION_COOKIE_NAME)}=([^;]+)", cookies)
    # A token is no form of a visitor's, whatever it is: who invents tokens has many members, too.
    is_by_token = request["PATH_INFO"].startswith(("/api/", "/mcp"))
    shown = request.get("HTTP_AUTHORIZATION", "") if is_by_token else ""
    if is_form and request["PATH_INFO"].startswith(FOR_VISITORS):
        return VISITORS, place
    # Who shows nothing is turned away at once: that costs little.
    # HEAD does what GET does.
    method = request["REQUEST_METHOD"].replace("HEAD", "GET")
    asks_for = f"{method} {request['PATH_INFO']}"
    if (shown or found) and _DEAR_AT.fullmatch(asks_for):
        return DEAR, place
    if shown:
        return place, shown
    if found is None and is_form:
        return VISITORS, place
    return place, found[1] if found else ""


class Turns:
    """One request at a time. All of it happens in one event loop.

    `most` may wait: whoever would be more is refused, or has somebody else refused who stands in a
    longer line, or has more in the same line.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._is_taken = False
        self._line = ""  # whose turn it is
        self._lines: OrderedDict[str, OrderedDict[str, deque[asyncio.Future[None]]]] = OrderedDict()
        self._lengths: dict[str, int] = {}

    async def take(self, line: str, member: str) -> None:
        """Wait for the turn; `give_back` it.

        Raises:
            TooManyWaitError
        """
        if not self._is_taken:
            self._is_taken = True
            self._line = line
            return
        if sum(self._lengths.values()) >= self._most:
            self._make_room(line, member)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(line, OrderedDict()).setdefault(member, deque()).append(turn)
        self._lengths[line] = self._lengths.get(line, 0) + 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back()  # it came at the same moment
            raise

    def give_back(self) -> None:
        """Let the next one begin.

        The line whose turn ends stands behind those that came meanwhile: else a page that comes
        during one log-in would wait for the next one, too.
        """
        if self._line in self._lines:
            self._lines.move_to_end(self._line)
        while self._lines:
            turn = self._next()
            if not turn.done():  # who has gone meanwhile is passed over
                turn.set_result(None)
                return
        self._is_taken = False

    def _next(self) -> asyncio.Future[None]:
        line, members = self._lines.popitem(last=False)
        self._line = line
        member, waiting = members.popitem(last=False)
        turn = waiting.popleft()
        if waiting:
            members[member] = waiting
        self._keep(line, members, fewer=1)
        return turn

    def _keep(
        self, line: str, members: OrderedDict[str, deque[asyncio.Future[None]]], *, fewer: int
    ) -> None:
        """Put a line to the end, if anybody is left in it."""
        if members:
            self._lines[line] = members
            self._lengths[line] -= fewer
        else:
            del self._lengths[line]

    def _make_room(self, line: str, member: str) -> None:
        """Refuse the newest of whoever waits with most: of the longest line, unless that would be
        the newcomer's own; within it of the member with most, unless that would be the newcomer.

        Raises:
            TooManyWaitError: it is the newcomer who has most.
        """
        longest = max(self._lengths, key=self._lengths.__getitem__)
        is_own = self._lengths.get(line, 0) + 1 >= self._lengths[longest]
        if is_own:
            longest = line
        members = self._lines.get(longest, OrderedDict())
        # Of several with as much, whoever's turn comes last.
        greedy = max(reversed(members), key=lambda each: len(members[each]), default=member)
        if is_own and len(members.get(member, ())) + 1 >= len(members.get(greedy, ())):
            raise TooManyWaitError
        newest = members[greedy].pop()
        if not members[greedy]:
            del members[greedy]
        self._lengths[longest] -= 1
        if not newest.done():
            newest.set_exception(TooManyWaitError())
