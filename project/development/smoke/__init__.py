"""`dev.py smoke`: the main path and the way by mail, on real servers with data of their own.

It sees only what a browser and a mail program see: pages, their forms and links, and mails. A step
that fails says what it looked for and where; the servers' logs are then kept and named.
"""
