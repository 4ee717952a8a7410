"""Mails that a step of a process sends: to people of the company, and to addresses outside."""
