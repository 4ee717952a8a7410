"""Sending mail: an outbox, and the job that empties it.

`queue_mail` (tenants/mail/outbox.py) writes a row for each recipient, in the transaction of what
causes the mail: neither stands without the other. Each schema has an outbox of its own; that of
`public` is for what belongs to no company. A job sends it, tries again with growing pauses, and
gives up after a bounded time with the reason kept.

No mail is sent twice by our doing. Right before the very end of a mail is handed to the server, the
row is taken from WAITING to HANDING_OVER and committed; only whoever did that sends the end. A
process that dies between that and the commit of SENT leaves a row of which nobody knows whether
the server has taken it. It becomes UNSURE, is shown to admins, and is never sent again by itself.
That window lasts from the end of the mail to the commit that follows the server's answer.
"""
