from tickets.models.assistant_offer import AssistantOffer, OfferEnd
from tickets.models.bulk_change import BulkChange
from tickets.models.bulk_retry import BulkRetry
from tickets.models.canned_reply import CannedReply
from tickets.models.file_upload import FileUpload
from tickets.models.message import Follower, Message, Visibility
from tickets.models.my_task import MyTask
from tickets.models.my_ticket import MyTicket
from tickets.models.notice import MailState, Notice, NoticePreferences
from tickets.models.rating import Rating, Score
from tickets.models.recurring_start import PauseReason, RecurringStart, StartRun
from tickets.models.saved_answers import SavedAnswers
from tickets.models.saved_view import ListOfViews, SavedView
from tickets.models.search_entry import FoundBy, SearchEntry
from tickets.models.start_request import StartRequest
from tickets.models.ticket import Ticket
from tickets.models.ticket_error import ErrorStatus, ErrorType, TicketError
from tickets.models.ticket_link import LinkKind, TicketLink
from tickets.models.way_in import Delivery, WayIn
from tickets.models.webhook import DeliveryState, Webhook, WebhookDelivery, WebhookPause

__all__ = [
    "AssistantOffer",
    "BulkChange",
    "BulkRetry",
    "CannedReply",
    "Delivery",
    "DeliveryState",
    "ErrorStatus",
    "ErrorType",
    "FileUpload",
    "Follower",
    "FoundBy",
    "LinkKind",
    "ListOfViews",
    "MailState",
    "Message",
    "MyTask",
    "MyTicket",
    "Notice",
    "NoticePreferences",
    "OfferEnd",
    "PauseReason",
    "Rating",
    "RecurringStart",
    "SavedAnswers",
    "SavedView",
    "Score",
    "SearchEntry",
    "StartRequest",
    "StartRun",
    "Ticket",
    "TicketError",
    "TicketLink",
    "Visibility",
    "WayIn",
    "Webhook",
    "WebhookDelivery",
    "WebhookPause",
]
