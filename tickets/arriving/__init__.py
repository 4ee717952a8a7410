"""Tickets that come in from outside: at the signed web address of a ticket type, and by mail."""
