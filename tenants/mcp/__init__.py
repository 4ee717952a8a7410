"""The door for assistants: the Model Context Protocol at `/mcp`, as a Django view.

What is offered there stands beside what it calls (`workflows/mcp/`, `tickets/mcp/`), each tool a
`Tool`; `project/programs/mcp_server.py` puts them together. No library of the protocol is needed
to run it: the official client is what the tests ask by.
"""
