"""Forms that somebody outside the company fills in, by a link in a mail.

Whoever has the link is nobody here: it carries one form and nothing else, works once, and ends.
"""
