"""Another system in a bad mood: it fails, hangs, and hangs up, but keeps to Idempotency-Keys."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter

from workflows.tests.actions.remote_system import Connection, RemoteSystem

MOODS = {"well": 11, "fails": 3, "hangs": 2, "hangs up": 2, "answers twice, late": 2}


class MoodySystem(RemoteSystem):
    """Makes one document for each Idempotency-Key, however often it is asked for it.

    `documents` is {Idempotency-Key: number}; `moods` counts what it did.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(self._answer)
        self.documents: dict[str, int] = {}
        self.moods: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    def _answer(self, connection: Connection) -> None:
        with self._lock:
            mood = self._chance.choices([*MOODS], weights=[*MOODS.values()])[0]
            self.moods[mood] += 1
            if mood == "fails":
                connection.send_error(500)
                return
            key = connection.headers["Idempotency-Key"]
            number = self.documents.setdefault(key, len(self.documents) + 1)
        if mood == "hangs up":
            connection.close_connection = True
            return
        if mood == "hangs":
            time.sleep(2)  # the timeout of the calls is a second
        content = json.dumps({"document": f"D-{number}"}).encode()
        if mood == "answers twice, late":
            time.sleep(0.4)
            self._send(connection, content)
        self._send(connection, content)

    @staticmethod
    def _send(connection: Connection, content: bytes) -> None:
        connection.send_response(200)
        connection.send_header("Content-Type", "application/json")
        connection.send_header("Content-Length", str(len(content)))
        connection.end_headers()
        connection.wfile.write(content)
