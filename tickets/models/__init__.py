from tickets.models.bulk_change import BulkChange
from tickets.models.bulk_retry import BulkRetry
from tickets.models.file_upload import FileUpload
from tickets.models.message import Follower, Message, Visibility
from tickets.models.my_task import MyTask
from tickets.models.my_ticket import MyTicket
from tickets.models.notice import MailState, Notice, NoticePreferences
from tickets.models.saved_answers import SavedAnswers
from tickets.models.saved_view import ListOfViews, SavedView
from tickets.models.ticket import Ticket
from tickets.models.ticket_error import ErrorStatus, ErrorType, TicketError

__all__ = [
    "BulkChange",
    "BulkRetry",
    "ErrorStatus",
    "ErrorType",
    "FileUpload",
    "Follower",
    "ListOfViews",
    "MailState",
    "Message",
    "MyTask",
    "MyTicket",
    "Notice",
    "NoticePreferences",
    "SavedAnswers",
    "SavedView",
    "Ticket",
    "TicketError",
    "Visibility",
]
