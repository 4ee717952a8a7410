"""What is offered to assistants at `/mcp`: each subject says what is its own.

Publishing, people, roles and secrets are never among the tools
(project/programs/tests/test_never_tools.py).
"""

from __future__ import annotations

from typing import Final

from tenants.mcp.server import Server
from tenants.tokens.doors import Door
from tenants.tokens.uses import declare_uses
from tickets.mcp import tools as of_tickets
from workflows.mcp import tools as of_workflows
from workflows.mcp.descriptions import all_resources
from workflows.mcp.prompts import PROMPTS

SERVER: Final = Server(
    tools=(*of_tickets.TOOLS, *of_workflows.TOOLS), resources=all_resources, prompts=PROMPTS
)
declare_uses(Door.MCP, SERVER.tools.values)
