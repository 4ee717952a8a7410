from __future__ import annotations

import uuid
from pathlib import PurePosixPath

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME
from tickets.models.ticket import Ticket


def storage_key(upload: FileUpload, filename: str) -> str:
    """Where the file is stored: a name of our own, so that a customer's name reaches no path."""
    return f"uploads/{upload.uuid}"


class FileUpload(models.Model):
    """A file that came with a ticket, a task or a message. The storage keeps each company's apart.

    `ticket` is empty only between the upload and the submission that names it. A new version of a
    file is a row of its own, which names the `first` one; the first names none, and is version 1.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ticket = models.ForeignKey(
        Ticket,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("ticket"),
    )
    message = models.ForeignKey(
        "tickets.Message",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("message"),
        help_text=_("The message that it came with: who may read that may have the file."),
    )
    filename = models.CharField(_("file name"), max_length=LONGEST_NAME)
    version = models.PositiveIntegerField(_("version"), default=1)
    first = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="later",
        verbose_name=_("first version"),
    )
    file = models.FileField(_("file"), upload_to=storage_key, max_length=300)
    file_type = models.CharField(_("type"), max_length=100, blank=True)
    size = models.BigIntegerField(_("bytes"), default=0, db_default=0, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("first", "version"),
                condition=models.Q(first__isnull=False),
                name="file_version_unique",
            ),
        )

    def __str__(self) -> str:
        return self.filename

    @property
    def extension(self) -> str:
        return PurePosixPath(self.filename).suffix.lower()

    @property
    def first_version(self) -> FileUpload:
        return self if self.first is None else self.first
