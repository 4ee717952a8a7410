"""A person's picture: read, cropped to a square and written anew, so that nothing else of the file
stays: no place where it was taken, no comment, no second content.

It stands in the storage of the company, under a name of its own for each picture, and counts among
the bytes that the company has stored. The person's row says which one it is.
"""

from __future__ import annotations

import logging
import warnings
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.companies.company_limits import give_room_back, take_room_for_file
from tenants.errors import OtherCompanyError, StorageAwayError, TenantsError
from tenants.models import Company, User

logger = logging.getLogger(__name__)

PICTURE_CHANGED = declare("account.picture_changed", _("Changed the picture of a person"))

FOLDER: Final = "pictures"
# In pixels, of each side.
SIDE: Final = 256
MOST_BYTES: Final = 5 * 1024 * 1024
# Of what is sent, which says so before anything is unpacked. Telephones take 12 to 50 million.
# By what unpacking takes, so that none needs more than about 200 MB: a JPEG is unpacked smaller
# than it is, a progressive one after it was read as a whole; of a WebP there are four copies.
MOST_PIXELS: Final = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 12_500_000}
MOST_UNPACKED: Final = 25_000_000
FORMATS: Final = tuple(MOST_PIXELS)
YOUNG: Final = timedelta(days=1)
CONTENT_TYPE: Final = "image/webp"


class PictureError(TenantsError):
    field = "picture"
    message = _("This is no picture that can be read. Choose a JPEG, PNG or WebP file.")


class PictureTooLargeError(PictureError):
    message = _(
        "This picture is too large: at most 5 MB, and as a JPEG file 50 million pixels "
        "(progressive: 25), as a PNG file 25, as a WebP file 12.5."
    )


def save_picture(*, person: User, file: UploadedFile, actor: User | None = None) -> None:
    """Make it the person's picture, in the place of the one before.

    Raises:
        PictureError, PictureTooLargeError: the file is none, or too large.
        StorageFullError: the company has no room for it.
        StorageAwayError: the storage has not taken it.
        OtherCompanyError: the person is not of the company that the connection is set to.
    """
    content = square_of(file)
    try:
        key = keep_picture(content)
    except OSError as error:
        raise StorageAwayError from error
    try:
        _put(person, key, len(content), actor)
    except BaseException:
        delete_file(key)
        raise


def remove_picture(*, person: User, actor: User | None = None) -> None:
    """From then on their initials are shown. Nothing happens where there is none."""
    _put(person, "", 0, actor)


def _put(person: User, key: str, size: int, actor: User | None) -> None:
    company = Company.objects.current()
    with transaction.atomic():
        people = User.objects.of_company(company).filter(pk=person.pk)
        stored = people.select_for_update(of=("self",), no_key=True).first()
        if stored is None:
            raise OtherCompanyError
        old, old_size = stored.picture, stored.picture_bytes
        if key == old:
            return
        if size:
            take_room_for_file(company, size)
        if old_size:
            give_room_back(company, old_size)
        people.update(picture=key, picture_bytes=size)
        record(PICTURE_CHANGED, about=stored, person=actor, has_one=bool(key))
        if old:
            transaction.on_commit(lambda: delete_file(old))
    person.picture, person.picture_bytes = key, size


def delete_file(key: str) -> None:
    """What cannot be deleted now is found by the job that looks for pictures of nobody."""
    try:
        default_storage.delete(key)
    except OSError:
        logger.exception("The picture %s could not be deleted", key)


def keep_picture(content: bytes) -> str:
    """Store one in the storage of the active company; returns where.

    Raises:
        OSError: the storage has not taken it.
    """
    return default_storage.save(f"{FOLDER}/{uuid4().hex}", ContentFile(content))


def square_of(file: File[bytes]) -> bytes:
    """The middle of a picture as WebP, SIDE pixels wide and high; of a moving one the first moment.

    Raises:
        PictureError: it cannot be read.
        PictureTooLargeError: it has too many bytes, or pixels; then none of them was unpacked.
    """
    if (file.size or 0) > MOST_BYTES:
        raise PictureTooLargeError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                is_progressive = bool(image.info.get("progressive"))
                # MPO is a JPEG with further pictures in it, as telephones make them.
                kind = "JPEG" if image.format == "MPO" else str(image.format)
                most = MOST_UNPACKED if is_progressive else MOST_PIXELS[kind]
                if image.width * image.height > most:
                    raise PictureTooLargeError
                # A JPEG is unpacked no larger than is needed; a long and narrow one as it is.
                image.draft("RGB", (2 * SIDE, 2 * SIDE))
                if image.width * image.height > MOST_UNPACKED:
                    raise PictureTooLargeError
                return _written(image)
    except Image.DecompressionBombError as error:
        raise PictureTooLargeError from error
    except PictureError:
        raise
    # Whatever a library does with a file that somebody made for it is said to be no picture.
    except (OSError, ValueError, TypeError, SyntaxError, IndexError, KeyError, EOFError) as error:
        raise PictureError from error
    except (ArithmeticError, AttributeError, RuntimeError, MemoryError) as error:
        raise PictureError from error


def _written(image: Image.Image) -> bytes:
    # Made small before anything is made of it, in the one way that takes no copy of the whole.
    image.thumbnail((8 * SIDE, 8 * SIDE), Image.Resampling.NEAREST, reducing_gap=None)
    ImageOps.exif_transpose(image, in_place=True)
    square = ImageOps.fit(image.convert("RGBA"), (SIDE, SIDE), Image.Resampling.LANCZOS)
    # What is transparent would be dark on a dark page, and light on a light one.
    flat = Image.new("RGB", square.size, "white")
    flat.paste(square, mask=square.getchannel("A"))
    written = BytesIO()
    flat.save(written, "WEBP", quality=85)
    return written.getvalue()


def delete_pictures_of_nobody(*, now: datetime) -> int:
    """Delete what a process has left that died between the file and the row, or the other way.

    In the active company; returns how many. Pictures that are younger than a day may be on their
    way. Safe to repeat, and beside itself.
    """
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    company, deleted = Company.objects.current(), 0
    kept = User.objects.of_company(company).exclude(picture="").values_list("picture", flat=True)
    for key in sorted({f"{FOLDER}/{name}" for name in names} - set(kept)):
        try:
            is_old = default_storage.get_modified_time(key) < now - YOUNG
        except FileNotFoundError:  # somebody else has deleted it meanwhile
            continue
        if is_old:
            delete_file(key)
            deleted += 1
    return deleted
