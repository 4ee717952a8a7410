"""The base of the API: who asks, what it may, and how refusals, pages and repeats are answered.

`door.py` is the one view: it lets in who shows a token, and sets the company, the language and the
actor for what is asked. `operations.py` declares an operation with its scope, its permissions and
every answer that it may give. The operations themselves stand in `tickets/api` and `workflows/api`.
"""
