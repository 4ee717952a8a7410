"""Tickets that steps of other tickets have started: sub-tickets."""
