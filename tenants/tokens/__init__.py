"""Tokens: how a program or an assistant says for whom it acts.

A token is of one person, or of a service account, and of their company. It can do what its owner
may, and of that only what its scopes name. What is kept of it is a digest, so that nobody can read
it here. `make_token` and `revoke_token` change them, `holder_of` is the one way in, and `scopes.py`
says what there is to choose.
"""
