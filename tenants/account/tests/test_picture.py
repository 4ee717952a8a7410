"""One's own picture: what is taken, what is left of it, who sees it, and that it goes again."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from unittest import mock

from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from tenants.account import picture
from tenants.account.picture import (
    SIDE,
    PictureError,
    PictureTooLargeError,
    delete_pictures_of_nobody,
    remove_picture,
    save_picture,
    square_of,
)
from tenants.audit.models import AuditEvent
from tenants.companies.company_limits import uses_of
from tenants.errors import OtherCompanyError, StorageFullError
from tenants.models import Company, User
from tenants.testing import CompanyTestCase
from tickets.company_use.measure_use import count_files

PROFILE = reverse("admin:account_profile")


def file(kind: str = "PNG", size: tuple[int, int] = (400, 300), **options: Any) -> Any:
    content = BytesIO()
    Image.new(options.pop("mode", "RGB"), size, "red").save(content, kind, **options)
    return SimpleUploadedFile(f"me.{kind.lower()}", content.getvalue(), f"image/{kind.lower()}")


class SquareTests(CompanyTestCase):
    def test_each_kind_becomes_a_square(self) -> None:
        for each in (
            file("PNG"),
            file("PNG", mode="RGBA"),
            file("PNG", mode="P"),
            file("PNG", mode="I;16"),
            file("JPEG", size=(1200, 3)),
            file("JPEG", mode="CMYK"),
            file("WEBP", size=(1, 1)),
            file("MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
        ):
            with self.subTest(each.name), Image.open(BytesIO(square_of(each))) as made:
                self.assertEqual((made.format, made.size), ("WEBP", (SIDE, SIDE)))

    def test_nothing_else_of_the_file_stays(self) -> None:
        exif = Image.Exif()
        exif[0x010E] = "taken at home"  # ImageDescription
        exif[0x0112] = 6  # turned by 90 degrees
        sent = file("JPEG", exif=exif, comment=b"taken at home")
        self.assertIn(b"taken at home", sent.read())
        sent.seek(0)
        made = square_of(sent)
        self.assertNotIn(b"taken at home", made)
        with Image.open(BytesIO(made)) as image:
            self.assertEqual(dict(image.getexif()), {})

    def test_it_is_turned_as_it_was_taken(self) -> None:
        """Its upper half is blue once it is turned."""
        image = Image.new("RGB", (100, 100), "red")
        image.paste("blue", (0, 0, 50, 100))
        exif, content = Image.Exif(), BytesIO()
        exif[0x0112] = 6
        image.save(content, "JPEG", exif=exif)
        with Image.open(BytesIO(square_of(SimpleUploadedFile("a", content.getvalue())))) as made:
            red, _green, blue = made.getpixel((SIDE // 2, 20))  # type: ignore[misc]
        self.assertGreater(blue, red)

    def test_what_is_no_picture(self) -> None:
        whole = file("PNG").read()
        for content in (
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<html>",
            b"%PDF-1.7",
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
            whole[:60],
            whole.replace(b"IDAT", b"IDOT"),
        ):
            with self.subTest(content[:20]), self.assertRaises(PictureError):
                square_of(SimpleUploadedFile("a.png", content))

    def test_what_is_too_large_is_not_unpacked(self) -> None:
        bomb = bytearray(file("PNG", size=(1, 1)).read())
        bomb[16:24] = (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big")
        too_large = (
            file("PNG", size=(10_001, 5_000), mode="1"),
            SimpleUploadedFile("a.png", bytes(bomb)),
            SimpleUploadedFile("a.png", b"x" * (picture.MOST_BYTES + 1)),
        )
        with mock.patch.object(Image.Image, "load", side_effect=AssertionError):
            for sent in too_large:
                with self.assertRaises(PictureError):
                    square_of(sent)
        with self.assertRaises(PictureTooLargeError):
            square_of(file("PNG", size=(10_001, 5_000), mode="1"))

    def test_each_kind_has_as_many_pixels_as_it_can_be_unpacked_with(self) -> None:
        for sent in (
            file("PNG", size=(5_001, 5_000), mode="1"),
            file("JPEG", size=(64_000, 400), mode="L"),
        ):
            with self.subTest(sent.name), self.assertRaises(PictureTooLargeError):
                square_of(sent)
        square_of(file("JPEG", size=(6_000, 4_500), mode="L"))
        sizes = {"JPEG": 1_300_000, "PNG": 90_000, "WEBP": 80_000}
        with (
            mock.patch.dict(picture.MOST_PIXELS, sizes),
            mock.patch.object(picture, "MOST_UNPACKED", 310_000),
        ):
            square_of(file("PNG", size=(300, 300)))
            square_of(file("JPEG", size=(1_100, 1_100), mode="L"))
            for sent in (
                file("WEBP", size=(300, 300)),
                file("JPEG", size=(600, 600), mode="L", progressive=True),
            ):
                with self.subTest(sent.name), self.assertRaises(PictureTooLargeError):
                    square_of(sent)

    def test_no_copy_is_made_of_the_whole(self) -> None:
        """What the steps after the reading are given is small."""
        sizes = []
        convert = Image.Image.convert

        def converted(image: Image.Image, *args: Any, **options: Any) -> Image.Image:
            sizes.append(max(image.size))
            return convert(image, *args, **options)

        with mock.patch.object(Image.Image, "convert", converted):
            square_of(file("PNG", size=(2_500, 2_500), mode="LA"))
        self.assertLessEqual(max(sizes), 8 * SIDE)


class PictureTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.forget_files)

    def forget_files(self) -> None:
        for name in self.files():
            default_storage.delete(f"pictures/{name}")

    def files(self) -> list[str]:
        try:
            return default_storage.listdir("pictures")[1]
        except FileNotFoundError:
            return []

    def upload(self, sent: Any) -> Any:
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(PROFILE, {"do": "picture", "picture": sent}, follow=True)

    def wendy_now(self) -> User:
        person: User = User.objects.get(pk=self.wendy.pk)
        return person

    def stored(self) -> int:
        return Company.objects.get(pk=self.acme.pk).file_bytes

    def test_it_is_uploaded_shown_changed_and_removed(self) -> None:
        self.log_in(self.wendy)
        self.assertContains(self.client.get(PROFILE), ">WW<")
        page = self.upload(file())
        first = self.wendy_now()
        self.assertContains(page, "Your picture was saved.")
        self.assertContains(page, f'src="{first.avatar_url}"')
        self.assertContains(page, f"background-image: url('{first.avatar_url}')")
        self.assertEqual(self.stored(), first.picture_bytes)
        self.upload(file("WEBP"))
        second = self.wendy_now()
        self.assertNotEqual(first.avatar_url, second.avatar_url)
        self.assertEqual([f"pictures/{each}" for each in self.files()], [second.picture])
        self.assertEqual(self.stored(), second.picture_bytes)
        self.assertEqual(self.client.get(first.avatar_url).status_code, 404)
        with self.captureOnCommitCallbacks(execute=True):
            page = self.client.post(PROFILE, {"do": "remove_picture"}, follow=True)
        self.assertContains(page, ">WW<")
        self.assertEqual((self.files(), self.stored(), self.wendy_now().picture), ([], 0, ""))
        self.assertEqual(AuditEvent.objects.filter(kind="account.picture_changed").count(), 3)

    def test_who_sees_it(self) -> None:
        save_picture(person=self.wendy, file=file())
        address = self.wendy_now().avatar_url
        for person, status in ((self.wendy, 200), (self.uma, 200), (self.charlie, 404)):
            with self.subTest(str(person)):
                self.log_in(person)
                self.assertEqual(self.client.get(address).status_code, status)
        self.log_in(self.uma)
        answer = self.client.get(address)
        self.assertEqual(answer["Content-Type"], "image/webp")
        self.assertIn("private", answer["Cache-Control"])
        self.assertIn("immutable", answer["Cache-Control"])
        self.assertNotIn("no-store", answer["Cache-Control"])
        other = reverse("admin:account_picture", args=[self.uma.pk, address.split("/")[-2]])
        self.assertEqual(self.client.get(other).status_code, 404)
        self.log_in(self.root)
        self.assertEqual(self.client.get(address).status_code, 404)
        self.client.logout()
        self.assertEqual(self.client.get(address).status_code, 302)

    def test_people_have_it_beside_their_names(self) -> None:
        save_picture(person=self.wendy, file=file())
        self.log_in(self.alice)
        page = self.client.get(reverse("admin:tenants_user_changelist"))
        self.assertContains(page, f'src="{self.wendy_now().avatar_url}"')
        self.assertContains(page, ">AA</span>")

    def test_what_is_refused_is_said_beside_it(self) -> None:
        self.log_in(self.wendy)
        for sent, text in (
            (SimpleUploadedFile("a.png", b"<svg/>"), "This is no picture"),
            (SimpleUploadedFile("a.png", b"x" * (picture.MOST_BYTES + 1)), "too large"),
            ("", "Choose a file."),
        ):
            page = self.upload(sent)
            self.assertContains(page, text)
            self.assertContains(page, 'role="alert"')
        with override_settings(COMPANY_MOST_STORED_MB=0):
            page = self.upload(file())
        self.assertContains(page, "storage")
        self.assertEqual((self.files(), self.wendy_now().picture), ([], ""))

    def test_a_storage_that_is_away_is_said_and_not_remembered(self) -> None:
        self.log_in(self.wendy)
        with mock.patch.object(FileSystemStorage, "_save", side_effect=OSError):
            self.assertContains(self.upload(file()), "Files cannot be reached at the moment")
        self.assertEqual((self.files(), self.wendy_now().picture), ([], ""))
        save_picture(person=self.wendy, file=file())
        address = self.wendy_now().avatar_url
        with (
            mock.patch.object(FileSystemStorage, "_open", side_effect=OSError),
            self.assertLogs("tenants.account.pages.picture", "ERROR"),
        ):
            answer = self.client.get(address)
        self.assertEqual((answer.status_code, answer["Cache-Control"]), (503, "no-store"))
        self.assertEqual(self.client.get(address).status_code, 200)

    def test_only_of_the_active_company(self) -> None:
        with self.assertRaises(OtherCompanyError):
            save_picture(person=self.charlie, file=file())
        with override_settings(COMPANY_MOST_STORED_MB=0), self.assertRaises(StorageFullError):
            save_picture(person=self.wendy, file=file())
        self.assertEqual(self.files(), [])

    def test_it_counts_among_what_is_stored(self) -> None:
        save_picture(person=self.wendy, file=file())
        count_files()
        self.assertEqual(self.stored(), self.wendy_now().picture_bytes)
        self.assertGreaterEqual(uses_of(self.acme)[1].used, self.wendy_now().picture_bytes)

    def test_what_is_nobodys_is_deleted_after_a_day(self) -> None:
        save_picture(person=self.wendy, file=file())
        default_storage.save("pictures/left", SimpleUploadedFile("left", b"x"))
        now = timezone.now()
        self.assertEqual(delete_pictures_of_nobody(now=now), 0)
        self.assertEqual(delete_pictures_of_nobody(now=now + timedelta(days=2)), 1)
        self.assertEqual([f"pictures/{each}" for each in self.files()], [self.wendy_now().picture])

    def test_superusers_have_none(self) -> None:
        self.log_in(self.root)
        page = self.client.get(PROFILE)
        self.assertNotContains(page, "Use this picture")
        self.client.post(PROFILE, {"do": "picture", "picture": file()})
        self.assertEqual(User.objects.filter(is_superuser=True).exclude(picture="").count(), 0)

    def test_a_second_removal_does_nothing(self) -> None:
        remove_picture(person=self.wendy)
        self.assertFalse(AuditEvent.objects.filter(kind="account.picture_changed").exists())
