"""Replies by mail: what people answer to a mail about a ticket becomes a message on it.

A mail arrives in a mailbox (`read_mailbox`) or is sent to us (`pages/mail_in.py`); both hand its
bytes to `take_mail`, which says what became of it. The same mail makes one message, however often
it comes: its digest stands in the company's table, in the transaction of the message.
"""
