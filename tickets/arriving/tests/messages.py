"""Messages of another system, signed, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from workflows.actions.signature import sign


class SignedMessages:
    """`url` and `secret` are those of a ticket type's web address."""

    client: Any
    url: str
    secret: str

    def send(
        self,
        body: Any,
        *,
        number: str = "msg_1",
        secret: str = "",
        at: datetime | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        timestamp = int((at or timezone.now()).timestamp())
        signature = sign(
            content, secret=secret or self.secret, message_id=number, timestamp=timestamp
        )
        named = {
            "webhook-id": number,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": f"v1,other {signature}",
        }
        return self.client.post(
            self.url, content, content_type="application/json", headers={**named, **(headers or {})}
        )
