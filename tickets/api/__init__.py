"""What programs and assistants do with tickets: each operation calls the service of its page.

Which answers somebody sees is asked of `tickets/seeing`, and which tickets of
`tickets/taking_part/access.py`, as pages do.
"""
