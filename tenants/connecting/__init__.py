"""Programs that a person connects by a click: OAuth 2.1, for public clients, with PKCE.

What such a program gets is a token as any other (`tenants/tokens`): the same list, the same rights,
revoked in the same way. Three things are more: it counts at one door alone, it is renewed every
hour, and it is always an assistant's. `programs.py` says who a program is, `asking.py` what it asks
for, `connect.py` what a person allowed it, `exchange.py` what it is given for that.

Why none of it is allauth's provider stands in docs/architecture.md.
"""
