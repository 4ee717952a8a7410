"""Tickets that start by themselves, again and again.

What a ticket type says of its starts stands in its definition (`workflows/engine/starts.py`); what
becomes of them here stands in `RecurringStart`: as whose, when the next is due, whether it is
paused. A job is deferred for each due moment, in the transaction that finds out which it is.
"""
