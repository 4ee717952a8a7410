"""What is refused of tickets, their errors and the calls that they make."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tenants.errors import TicketFlowerError
from workflows.errors import InvalidDataError


class TicketsError(TicketFlowerError):
    """Something about tickets is refused."""

    message = _("This is not possible for this ticket.")


# Recurring starts


class StartNotRunningError(TicketsError):
    message = _("This recurring start is not there any more, or its ticket type is not offered.")


class StartPersonError(TicketsError):
    field = "person"
    message = _("Name somebody of this company who may submit this ticket type.")


# Tickets that come in from outside


class UnknownAddressError(TicketsError):
    message = _("No tickets are taken at this address.")
    status = HTTPStatus.NOT_FOUND


class NotSignedError(TicketsError):
    message = _(
        "The message is not signed with the secret of this address, or its time is more than five "
        "minutes away from ours."
    )
    status = HTTPStatus.UNAUTHORIZED


class MessageUsedError(TicketsError):
    message = _("Another message had this webhook-id. Give each message its own.")
    status = HTTPStatus.CONFLICT


class NotJsonObjectError(TicketsError):
    message = _("Send an object with “answers”, an object of names and values, and “title” or not.")
    no_files = _("Files cannot be sent here. Leave this answer out.")
    status = HTTPStatus.BAD_REQUEST


class AnswerFormError(TicketsError):
    message = _("Send an object with “key”, a text or a number, and “answer”, an object, or not.")
    status = HTTPStatus.BAD_REQUEST


class NobodyWaitsError(TicketsError):
    message = _("No step waits for an answer with this key, or not any more.")
    status = HTTPStatus.NOT_FOUND


class SeveralWaitError(TicketsError):
    message = _("More than one step waits for an answer with this key: none was answered.")
    status = HTTPStatus.CONFLICT


class OnHoldError(TicketsError):
    message = _("The ticket is on hold. Send the answer again later.")
    status = HTTPStatus.SERVICE_UNAVAILABLE


class NoSuchQuestionError(TicketsError):
    message = _("Choose questions that this ticket type asks.")


class WayInPersonError(TicketsError):
    message = _("The person as whose ticket this would come may not submit it.")
    status = HTTPStatus.FORBIDDEN


# One's own ticket


class NotYourTicketError(TicketsError):
    message = _("Somebody else submitted this ticket.")
    status = HTTPStatus.FORBIDDEN


class ReasonTooLongError(TicketsError):
    field = "reason"
    message = _("The reason is too long: at most %(most)s characters.")

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class CannotReopenError(TicketsError):
    message = _(
        "This ticket cannot be reopened: it runs, it ended too long ago, or tickets of its type "
        "are not reopened. You can copy it into a new one."
    )


class ReopenedAlreadyError(TicketsError):
    """`number` is what people call the follow-up ticket."""

    message = _("You have reopened this ticket already: its follow-up is ticket %(number)s.")

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class CannotRateError(TicketsError):
    message = _("This ticket cannot be rated, or not any more.")


class CommentTooLongError(TicketsError):
    message = _("The comment is too long: at most %(most)s characters.")
    field = "comment"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


# Tickets and each other


class MayNotLinkError(TicketsError):
    message = _("You cannot change what this ticket is linked to.")
    status = HTTPStatus.FORBIDDEN


class NoSuchTicketError(TicketsError):
    message = _("There is no ticket %(number)s that you may see. Check the number.")
    field = "number"
    status = HTTPStatus.NOT_FOUND

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class LinkToItselfError(TicketsError):
    message = _("That is this very ticket. Write the number of another one.")
    field = "number"


class LinkedAlreadyError(TicketsError):
    message = _("It is linked to ticket %(number)s already.")
    field = "number"

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class MayNotMarkDuplicateError(TicketsError):
    message = _("Only ticket admins, and who has a task of the ticket to do, can say this.")
    status = HTTPStatus.FORBIDDEN


class TooManyLinksError(TicketsError):
    message = _(
        "Ticket %(number)s is linked to %(most)d tickets, and cannot be linked to more. Take a "
        "link away first."
    )
    field = "number"

    def __init__(self, number: str, most: int) -> None:
        super().__init__()
        self.number = number
        self.most = most


class NotOfOtherTeamError(TicketsError):
    message = _(
        "You are not of the team of ticket %(number)s. Ask a ticket admin to say that this one is "
        "its duplicate."
    )
    field = "number"
    status = HTTPStatus.FORBIDDEN

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class DuplicateInCircleError(TicketsError):
    message = _("Ticket %(number)s is itself a duplicate of this one. Choose another.")
    field = "number"

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


# Submitting and saving


class MayNotSubmitError(TicketsError):
    message = _("You may not submit tickets of this type, or it is no longer offered.")


class MayNotSubmitForError(TicketsError):
    message = _(
        "You cannot submit this for this person: both of you must be allowed to, or you must be a "
        "ticket admin and they must be."
    )
    status = HTTPStatus.FORBIDDEN


class NoSuchRequesterError(TicketsError):
    message = _("Nobody with this e-mail address may submit tickets here. Choose somebody else.")
    field = "person"


class UnknownUploadError(TicketsError):
    """A file that a form names was not uploaded by this person, or belongs to another ticket."""

    message = _("A file was lost on the way. Choose it again.")


class SubmissionFailedError(TicketsError):
    """Nobody has foreseen it, and nothing was saved; the log says what it was."""

    message = _(
        "The ticket could not be submitted, because something is wrong with TicketFlower. Nothing "
        "of it was saved, and all that you typed is still here. Try again in a moment. Should it "
        "not help, save it for later, and tell a ticket admin."
    )


class CompletionFailedError(TicketsError):
    """Nobody has foreseen it; the ticket error that was kept says what it was."""

    message = _(
        "Your answers are kept, but the task could not be completed with them. A ticket admin has "
        "been told, and tries again when the cause is fixed: you need not fill it in again."
    )


class AnswersChangedMeanwhileError(InvalidDataError):
    """`problems` names each answer that somebody has changed, with what there is now."""

    message = _(
        "Somebody changed earlier answers after you opened the page. Look at them, then complete "
        "the task again."
    )


class TooManySavedAnswersError(TicketsError):
    message = _("You have saved too many tickets for later. Submit or discard some of them first.")


class MayNotPrioritizeError(TicketsError):
    message = _("Only whoever has a task of the ticket, and ticket admins, set its priority.")
    status = HTTPStatus.FORBIDDEN


# Views of lists


class MayNotShareViewError(TicketsError):
    message = _("Only ticket admins make and delete views for everybody.")
    status = HTTPStatus.FORBIDDEN


class ViewOfSomebodyElseError(TicketsError):
    message = _("This view is somebody else's by now.")
    status = HTTPStatus.FORBIDDEN


class ViewNamelessError(TicketsError):
    message = _("Give the view a name.")


class ViewNameInUseError(TicketsError):
    message = _("There is already a view of this name here. Choose another one.")


class ViewTooLongError(TicketsError):
    message = _("This view cannot be saved: its name or what it filters by is too long.")


class TooManyViewsError(TicketsError):
    message = _("There are %(most)d views of this list already. Delete one that nobody needs.")

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__()


# Messages


class MayNotWriteError(TicketsError):
    message = _("You take no part in this ticket any more, so that you cannot write here.")
    status = HTTPStatus.FORBIDDEN


class EmptyMessageError(TicketsError):
    field = "text"
    message = _("Write something, or attach a file.")


class MessageTooLongError(TicketsError):
    field = "text"
    message = _(
        "This is too long by %(excess)s characters: a message has at most %(longest)s. Attach the "
        "rest as a file."
    )

    def __init__(self, length: int, longest: int) -> None:
        super().__init__()
        self.longest, self.excess = longest, length - longest


class TooManyMessagesError(TicketsError):
    field = "text"
    message = _(
        "You have written %(most)s messages within an hour, which is as many as may be. Send this "
        "one a little later: what you typed is still here."
    )

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class TooManyFilesError(TicketsError):
    message = _("A message has at most %(most)s files. Send the others with another one.")
    field = "attachments"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class SameNameError(TicketsError):
    message = _(
        "This ticket has a file “%(name)s” already. Say at yours whether it is a new version of "
        "that, and send the message again."
    )
    field = "attachments"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class FilesOfEndedTicketError(TicketsError):
    message = _(
        "This ticket has ended: its files stay as they are. Write a message, and send the file "
        "with it."
    )
    field = "file"


class TooManyVersionsError(TicketsError):
    message = _("A file has at most %(most)s versions. Send this one with a message.")
    field = "file"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class CannotAskOneselfError(TicketsError):
    message = _("You submitted this ticket yourself: there is nobody to ask.")


class RequesterGoneError(TicketsError):
    message = _(
        "%(person)s, who submitted this ticket, cannot answer any more: their account is switched "
        "off. Write it down without letting the task wait."
    )

    def __init__(self, person: object) -> None:
        super().__init__()
        self.person = person


class QuestionInternalError(TicketsError):
    message = _(
        "An internal note cannot ask whoever submitted the ticket: they do not read it. Write to "
        "everybody, or let the task not wait."
    )
    field = "visibility"


class NotYourMessageError(TicketsError):
    message = _("Only who wrote a message may edit it.")
    status = HTTPStatus.FORBIDDEN


class MessageHiddenError(TicketsError):
    message = _("This message was hidden meanwhile, so that it cannot be changed.")


class TooManyEditsError(TicketsError):
    message = _("This message was edited too often. Write another one.")


class MayNotHideError(TicketsError):
    message = _("Only ticket admins may hide messages.")
    status = HTTPStatus.FORBIDDEN


# Repair


class ErrorAlreadyHandledError(TicketsError):
    message = _(
        "Somebody has already taken care of this error. Load the page again to see its state."
    )


class NotesMissingError(TicketsError):
    message = _("Write down how the error was resolved: whoever meets it next will look here.")
    field = "notes"


class StepStuckError(TicketsError):
    message = _(
        "The step that failed is still stuck, so that the error stays open. Try the step again, "
        "finish it by hand, or cancel the ticket: the error is resolved by that."
    )


class MayNotRepairError(TicketsError):
    message = _("Only ticket admins of this company may do this.")


class BeginnerMayNotRepairError(TicketsError):
    """What is left would be refused one by one, as it is done in the name of who has begun it."""

    message = _(
        "%(person)s, who began this, is no ticket admin any more. Choose what is left in its list, "
        "and begin anew."
    )

    def __init__(self, person: str) -> None:
        super().__init__()
        self.person = person


class ReasonMissingError(TicketsError):
    message = _("Say why: the reason stands in the ticket's history, for whoever asks later.")
    field = "reason"


class RepairFailedError(TicketsError):
    """Nobody has foreseen it: what is repaired may not be mended yet."""

    message = _(
        "This could not be done, and nothing was changed: “%(reason)s”. Fix the cause, then try "
        "again."
    )
    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class ChangedMeanwhileError(TicketsError):
    message = _(
        "Somebody changed this ticket after you opened the page. Load it again, then decide."
    )


class TicketGoneError(TicketsError):
    message = _("This ticket is no longer there.")


class ErrorGoneError(TicketsError):
    message = _("This error is no longer there.")


class TooManyTicketsError(TicketsError):
    """`most` is how many may be chosen."""

    message = _("That is too many tickets for one time. Choose at most %(most)d.")

    def __init__(self, *, most: int) -> None:
        self.most = most
        super().__init__()


# Answers of other systems


class UnknownCallbackError(TicketsError):
    message = _("There is no call that could be answered at this address.")
    status = HTTPStatus.NOT_FOUND


class CallbackTooLateError(TicketsError):
    message = _("This call cannot be answered any more: its time is over, or its task has ended.")
    status = HTTPStatus.GONE


class CallbackNotFittingError(TicketsError):
    message = _("The answer does not fit what the task asks for.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class MayNotReplayError(TicketsError):
    message = _(
        "Replaying computes from what people answered: it needs the right to see all tickets, too. "
        "Ask an admin of your company for the role of ticket admin."
    )
    status = HTTPStatus.FORBIDDEN


# Canned replies


class MayNotKeepCannedReplyError(TicketsError):
    message = _(
        "You may keep canned replies of your own company roles only. Ticket admins keep those of "
        "others, and those that are for everybody."
    )
    field = "roles"
    status = HTTPStatus.FORBIDDEN


class CannedReplyNamelessError(TicketsError):
    message = _("Give the canned reply a title.")
    field = "name"


class CannedReplyNameInUseError(TicketsError):
    message = _("There is already a canned reply of this title, or of one that looks the same.")
    field = "name"


class CannedReplyEmptyError(TicketsError):
    message = _("Write the text of the canned reply.")
    field = "text"


class CannedReplyTooLongError(TicketsError):
    message = _("The text is too long: at most %(most)s characters.")
    field = "text"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class CannedReplyPlaceholderError(TicketsError):
    """Whoever raises it says which, and what there is."""

    message = _("There is no such placeholder.")
    field = "text"


class TooManyCannedRepliesError(TicketsError):
    message = _("A company has at most %(most)s canned replies. Delete one that nobody uses.")

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


# Mails to people outside


class MailGoneError(TicketsError):
    message = _(
        "This mail is not kept any more, so that it cannot be sent again. Write to the person "
        "yourself, and note the error as resolved."
    )
    status = HTTPStatus.GONE


class NoAddressError(TicketsError):
    message = _("Type an e-mail address, such as name@example.com.")
    field = "to"
