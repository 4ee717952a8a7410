"""Opening the archives that workbooks are, without trusting anything that they say.

A small file can unpack to terabytes, and a little XML can expand to as much. So: few entries,
a bounded size of each part that is really read, no document types, bounded elements.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _

from workflows.errors import UnreadableBundleError

MAX_ENTRIES = 2_000
MAX_PART_BYTES = 40 * 1024 * 1024
MAX_TOTAL_BYTES = 80 * 1024 * 1024
MAX_ELEMENTS = 1_500_000
MAX_DEPTH = 100
MAX_NAME_BYTES = 1_000


class Archive:
    """The parts of a zip file, by name.

    Raises UnreadableBundleError for files that are no archive, are damaged, are encrypted, or
    would unpack to too much.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise damaged() from error
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES or sum(each.file_size for each in entries) > MAX_TOTAL_BYTES:
            raise _too_large()
        if any(len(each.orig_filename.encode()) > MAX_NAME_BYTES for each in entries):
            raise damaged()
        self.names = frozenset(each.filename for each in entries)
        self._left = MAX_TOTAL_BYTES

    def read(self, name: str) -> bytes:
        """A part's bytes; counted as they are unpacked, whatever the archive declares."""
        limit = min(MAX_PART_BYTES, self._left)
        try:
            with self._zip.open(name) as part:
                data = part.read(limit + 1)
        except KeyError as error:
            raise damaged() from error
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            NotImplementedError,
        ) as error:
            raise damaged() from error
        except RuntimeError as error:  # how zipfile says that a part has a password
            raise encrypted() from error
        if len(data) > limit:
            raise _too_large()
        self._left -= len(data)
        return data

    def elements(
        self, name: str, tags: Collection[str], *, starts: Collection[str] = ()
    ) -> Iterator[Element]:
        """`elements` of a part."""
        yield from elements(self.read(name), tags, starts=starts)


def elements(
    data: bytes, tags: Collection[str], *, starts: Collection[str] = ()
) -> Iterator[Element]:
    """The elements of XML that have these local names, each when it is complete.

    Its content is gone when the next one comes; an element inside another comes first. Those in
    `starts` come when they begin, with nothing but their attributes.

    Raises:
        UnreadableBundleError: this is not XML, declares a document type, or is too large.
    """
    parents: list[Element] = []
    inside = count = 0
    try:
        for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
            name = local_name(element.tag)
            if event == "start":
                count += 1
                if count > MAX_ELEMENTS or len(parents) > MAX_DEPTH:
                    raise _too_large()
                inside += name in tags
                parents.append(element)
                if name in starts:
                    yield element
                continue
            parents.pop()
            if name in tags:
                inside -= 1
                yield element
            if not inside and parents:
                parents[-1].clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise damaged() from error


def local_name(tag: object) -> str:
    """A tag or attribute without its namespace, of which each format has several."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name; empty where there is none."""
    found = element.get(name)
    if found is not None:
        return found
    return next((value for key, value in element.items() if local_name(key) == name), "")


def damaged() -> UnreadableBundleError:
    return UnreadableBundleError(
        _(
            "This file cannot be read as a workbook: it is damaged, or it is something else. "
            "Open it in your spreadsheet program and save it as .xlsx."
        )
    )


def encrypted() -> UnreadableBundleError:
    return UnreadableBundleError(
        _("This workbook is protected with a password. Save it without one and try again.")
    )


def _too_large() -> UnreadableBundleError:
    return UnreadableBundleError(
        _(
            "This workbook is too large when it is unpacked. Leave out what does not belong to "
            "the workflow."
        )
    )
