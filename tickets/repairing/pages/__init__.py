"""What a ticket admin does to a ticket that is stuck: one page for each repair.

Each page says what it will do, asks why, and POSTs; the services check again and decide.
"""

from tickets.calling.pages.attempts import attempts_of, data_so_far
from tickets.repairing.pages.correcting import PAGES, RepairPage, open_repairs

__all__ = ["PAGES", "RepairPage", "attempts_of", "data_so_far", "open_repairs"]
