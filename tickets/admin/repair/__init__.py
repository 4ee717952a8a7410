"""What a ticket admin does to a ticket that is stuck: one page for each repair.

Each page says what it will do, asks why, and POSTs; the services check again and decide.
"""

from tickets.admin.repair.attempts import attempts_of, data_so_far
from tickets.admin.repair.pages import PAGES, RepairPage, open_repairs

__all__ = ["PAGES", "RepairPage", "attempts_of", "data_so_far", "open_repairs"]
