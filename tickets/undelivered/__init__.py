"""Mails to people outside that did not arrive: a ticket error of each, for a ticket admin."""
