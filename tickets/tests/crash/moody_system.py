"""Another system in a bad mood: it fails, hangs, and hangs up, but keeps to Idempotency-Keys.

What it answers later it sends until somebody takes it, as docs/callbacks.md asks of it.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.parse import unquote

import httpx

from tenants.testing_tools.waits import PATIENCE
from workflows.actions.tests.remote_system import Connection, RemoteSystem
from workflows.engine.process import Json

MOODS = {"well": 20, "fails": 3, "hangs": 2, "hangs up": 2, "answers twice, late": 2}
# Of calls that are answered later.
LATER_MOODS = {
    "well": 10,
    "answers first": 3,  # before it has accepted the call
    "answers twice": 3,  # at the same time
    "talks nonsense": 2,  # and then well
    "says nothing": 2,
    "answers too late": 2,
    "fails": 2,
    "hangs up": 2,  # and yet answers
}
GOOD = "well"
NONSENSE: Json = ["nonsense"]  # of which no output can be made

TOO_LATE = 3.5  # seconds after which such an answer is sent


@dataclass(frozen=True, slots=True)
class Reply:
    """What we replied to an answer that was sent to a callback address."""

    sent: Json
    status: int
    body: bytes


@dataclass(slots=True)
class Answers:
    """What was sent to one callback address. `is_late` if none of it was sent in time."""

    is_late: bool = False
    replies: list[Reply] = field(default_factory=list)


class MoodySystem(RemoteSystem):
    """Makes one document for each Idempotency-Key, however often it is asked for it.

    `documents` is {Idempotency-Key: number}; `moods` counts what it did; `answers` is
    {callback address: what was sent there}. A path, as `/fails`, asks for a mood.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(self._answer)
        self.documents: dict[str, int] = {}
        self.moods: Counter[str] = Counter()
        self.answers: defaultdict[str, Answers] = defaultdict(Answers)
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._is_calm = False
        self._senders: list[threading.Thread] = []
        self._has_ended = threading.Event()
        self._browser = httpx.Client(timeout=10, trust_env=False)

    def calm_down(self) -> None:
        """Have it answer well from now on."""
        self._is_calm = True

    def send_back(self, address: str, answer: Json, *, after: float = 0) -> threading.Thread:
        """Send an answer to a callback address, after so many seconds, until it is taken."""
        sender = threading.Thread(target=self._send_back, args=(address, answer, after))
        sender.daemon = True
        self._senders.append(sender)
        sender.start()
        return sender

    def wait_for_senders(self) -> None:
        """Until every answer was taken or refused, or nobody was there for too long."""
        for sender in list(self._senders):
            sender.join()

    def end(self) -> None:
        """Send nothing any more."""
        self._has_ended.set()
        self.wait_for_senders()
        self._browser.close()

    def _answer(self, connection: Connection) -> None:
        address = connection.headers.get("TicketFlower-Callback-Url", "")
        mood = self._mood(connection.path, LATER_MOODS if address else MOODS)
        if mood == "fails":
            connection.send_error(500)
            return
        document = self._document(connection.headers["Idempotency-Key"])
        if address:
            self._answer_later(mood, address, document)
        if mood == "hangs up":
            connection.close_connection = True
            return
        if mood == "hangs":
            time.sleep(2)  # the timeout of the calls is a second
        content = json.dumps(document).encode()
        if mood == "answers twice, late":
            time.sleep(0.4)
            self._send(connection, content)
        self._send(connection, content)

    def _mood(self, path: str, moods: dict[str, int]) -> str:
        with self._lock:
            wanted = unquote(path.strip("/"))
            mood = wanted or self._chance.choices([*moods], weights=[*moods.values()])[0]
            if self._is_calm and not wanted:
                mood = GOOD
            self.moods[mood] += 1
            return mood

    def _document(self, key: str) -> Json:
        with self._lock:
            number = self.documents.setdefault(key, len(self.documents) + 1)
        return {"document": f"D-{number}"}

    def _answer_later(self, mood: str, address: str, document: Json) -> None:
        soon = self._chance.uniform(0, 0.4)
        if mood == "says nothing":
            return
        if mood == "answers too late":
            self.answers[address].is_late = True
            self.send_back(address, document, after=TOO_LATE)
            return
        if mood == "talks nonsense":
            self.send_back(address, NONSENSE).join(1)
        sender = self.send_back(address, document, after=0 if mood == "answers first" else soon)
        if mood == "answers first":
            sender.join(1)  # with nobody there it accepts the call first after all
        if mood == "answers twice":
            self.send_back(address, document, after=soon)

    def _send_back(self, address: str, answer: Json, after: float) -> None:
        self._has_ended.wait(after)
        deadline = time.monotonic() + PATIENCE
        while not self._has_ended.is_set() and time.monotonic() < deadline:
            try:
                reply = self._browser.post(address, json=answer)
            except httpx.TransportError:
                self._has_ended.wait(0.3)
                continue
            with self._lock:
                replies = self.answers[address].replies
                replies.append(Reply(answer, reply.status_code, reply.content))
            if reply.status_code < 500 and reply.status_code != 429:
                return
            self._has_ended.wait(0.3)

    @staticmethod
    def _send(connection: Connection, content: bytes) -> None:
        connection.send_response(200)
        connection.send_header("Content-Type", "application/json")
        connection.send_header("Content-Length", str(len(content)))
        connection.end_headers()
        connection.wfile.write(content)
