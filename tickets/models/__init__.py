from tickets.models.bulk_retry import BulkRetry
from tickets.models.file_upload import FileUpload
from tickets.models.import_run import ImportRun, ImportStatus
from tickets.models.my_task import MyTask
from tickets.models.my_ticket import MyTicket
from tickets.models.saved_answers import SavedAnswers
from tickets.models.ticket import Ticket
from tickets.models.ticket_definition import TicketDefinition
from tickets.models.ticket_error import ErrorStatus, ErrorType, TicketError

__all__ = [
    "BulkRetry",
    "ErrorStatus",
    "ErrorType",
    "FileUpload",
    "ImportRun",
    "ImportStatus",
    "MyTask",
    "MyTicket",
    "SavedAnswers",
    "Ticket",
    "TicketDefinition",
    "TicketError",
]
