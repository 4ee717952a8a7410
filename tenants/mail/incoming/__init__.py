"""Reading mail that others have sent: hostile until the contrary is proven.

`read_mail` makes of the bytes of a mail what we use of it, within bounds; `mailbox` fetches such
bytes (IMAP). What becomes of a mail is not decided here.
"""
