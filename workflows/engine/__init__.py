"""The workflow engine: pure functions over values.

No Django, no clock, no database, no network: what the engine is given is all that
it knows, so the same process and the same context always give the same decision.
"""
