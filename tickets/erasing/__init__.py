"""Erasing one person: what they are is blanked everywhere, and their tickets stay whole.

What a person *is* goes: name, e-mail address, log-in, and where answers, the history and the logs
name them. Their row stays, called “Erased person 12”, so that who did what can still be told
apart. What they *typed* as a submitter goes for those of their tickets that were chosen: texts are
replaced, files deleted. What others wrote about them in texts of their own stays; so do workflow
definitions, which name people only where their author wrote them in.
"""
