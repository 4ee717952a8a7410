"""Logging in through a company's own identity provider (OpenID Connect, code flow with PKCE).

`outgoing` is how it is asked, `tokens` checks what it says, `flow` leads a browser there and back,
`providers` keeps the settings and who is linked to what.
"""
