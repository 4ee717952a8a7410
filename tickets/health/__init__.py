"""What must hold of every ticket and every job, whatever happened; `manage.py doctor` asks.

The services keep to it, and the tests of killed processes too. What is found here was done
past them, or is a bug.
"""

from tickets.health.company import company_findings
from tickets.health.coverage import Coverage
from tickets.health.files import file_findings
from tickets.health.finding import Finding
from tickets.health.histories import history_findings
from tickets.health.queue import queue_findings

__all__ = [
    "Coverage",
    "Finding",
    "company_findings",
    "file_findings",
    "history_findings",
    "queue_findings",
]
