"""Calls one tool of TicketFlower, and prints what it brings.

    python3 client.py https://YOUR-SERVER/mcp TOKEN TOOL ['{"argument": "value"}']

Ends with 1 where the tool refuses: what is printed says why.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any

VERSION = "2026-07-28"
META = "io.modelcontextprotocol/"


def call(address: str, token: str, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of a tool, as the protocol has it."""
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {
                META + "protocolVersion": VERSION,
                META + "clientCapabilities": {},
                META + "clientInfo": {"name": "example", "version": "1"},
            },
        },
    }
    request = urllib.request.Request(
        address,
        data=json.dumps(message).encode(),
        headers={
            "Authorization": "Bearer " + token,
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            # What stands in the body, for whatever stands between.
            "Mcp-Protocol-Version": VERSION,
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        },
    )
    try:
        with urllib.request.urlopen(request) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    if "error" in answer:
        raise SystemExit(answer["error"]["message"])
    result: dict[str, Any] = answer["result"]
    return result


def main() -> int:
    address, token, tool = sys.argv[1:4]
    arguments = json.loads(sys.argv[4]) if len(sys.argv) > 4 else {}
    result = call(address, token, tool, arguments)
    print(json.dumps(result["structuredContent"], indent=2, ensure_ascii=False))
    return 1 if result["isError"] else 0


if __name__ == "__main__":
    sys.exit(main())
