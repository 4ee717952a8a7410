"""What is refused where a model drafts workflows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.errors import WorkflowsError


class DescribingError(WorkflowsError):
    """Something about a described process is refused."""

    message = _("This is not possible for this description.")


class ModelError(DescribingError):
    """The model did not answer, or with something that cannot be used; `message` is for people."""

    message = _("The model did not answer. Try again.")


class NoModelError(DescribingError):
    message = _(
        "No model is set up any more. Whoever runs TicketFlower can set one up; what you wrote is "
        "kept."
    )


class NoDescriptionError(DescribingError):
    message = _("Write what happens today, from the beginning to the end.")


class DescriptionTooLongError(DescribingError):
    message = _("This is too long for one workflow. Leave out what does not matter for its steps.")


class NoRemarkError(DescribingError):
    message = _("Write what should be different, in one or two sentences.")


class TooManyDescriptionsError(DescribingError):
    message = _(
        "Your company has had as many drafts written as it may within a day. Try again tomorrow; "
        "what you wrote is kept on this page."
    )


class TooManyOwnDescriptionsError(DescribingError):
    message = _(
        "You have had half of the drafts written that your colleagues have left for today: the "
        "others are for them. Try again tomorrow; what you wrote is kept on this page."
    )


class NothingToKeepError(DescribingError):
    message = _("There is no draft to keep here any more. Load the page again.")


class DescriptionBusyError(DescribingError):
    message = _("This has changed in the meantime. Load the page again.")
