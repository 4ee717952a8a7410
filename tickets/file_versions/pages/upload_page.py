"""Takes one file at a time, before its form is sent: so that a page can show how far it is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tenants.limits.bodies import SMALL_BODY
from tenants.models import User
from tenants.pages.page import ScriptPage, register_page
from tickets.files.clean_up_uploads import discard_uploads
from tickets.files.keep_file import keep_file
from tickets.files.send_file import may_send_files
from tickets.models import FileUpload
from workflows.fields.file.accepted import entries_in
from workflows.fields.file.file_input import checked


@register_page(FileUpload, "upload/", name="tickets_fileupload_upload")
class UploadPage(ScriptPage):
    """POST keeps the `file`, and answers with its key; with `drop` it lets go of one again.

    `accept` is what the input takes: a file that the form would refuse is refused at once.

    A form names the key when it is sent. What no form names is deleted after a week.
    """

    # Whoever may use a form with files.
    permissions = ()
    largest_body = settings.MAX_UPLOAD_BYTES + SMALL_BODY

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        user = request.user
        return super().admits(request) and isinstance(user, User) and may_send_files(user)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if "drop" in request.POST:
            return self._drop(request.POST["drop"])
        file = request.FILES.get("file")
        if file is None:
            return _refused(_("Choose a file."))
        try:
            file = checked(file, entries_in([*request.POST.get("accept", "").split(",")]))
        except ValidationError as error:
            return _refused(" ".join(error.messages))
        value = keep_file(file=file, user=self.person)
        return JsonResponse({**value, "size": filesizeformat(file.size or 0)})

    def _drop(self, key: str) -> HttpResponse:
        try:
            wanted = UUID(key)
        except ValueError:
            return JsonResponse({})
        own = FileUpload.objects.filter(uuid=wanted, uploaded_by=self.person, ticket=None)
        discard_uploads(own.values_list("uuid", flat=True))
        return JsonResponse({})


def _refused(message: str) -> JsonResponse:
    return JsonResponse({"message": message}, status=HTTPStatus.BAD_REQUEST)
