"""The lists of mails: what waits in the outbox or was sent, and which answers were refused.

A company's for its admins, the installation's for superusers outside of companies. Nothing of what
a mail says is shown.
"""
