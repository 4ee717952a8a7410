"""Pages as an OpenDocument spreadsheet.

The format is a zip archive with some XML (OASIS OpenDocument 1.3): written here, because the
libraries for it are old or bring a whole document model along.
"""

from __future__ import annotations

import io
import zipfile
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from workflows.workbooks.formats.sheet import Page, PageColumn
from workflows.workbooks.formats.xlsx_writing import ROWS_TO_COME

MEDIA_TYPE: Final = "application/vnd.oasis.opendocument.spreadsheet"
_NAMESPACES: Final = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "config": "urn:oasis:names:tc:opendocument:xmlns:config:1.0",
    "of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2",
    "ooo": "http://openoffice.org/2004/office",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
_MADE: Final = (2026, 1, 1, 0, 0, 0)
_CENTIMETRES = 0.22  # the width of a character


def write_ods(pages: list[Page]) -> bytes:
    """The workbook as the content of an .ods file. Texts are written as texts, not formulas."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        # The type comes first and is not compressed, so that programs can tell the file by it.
        _put(archive, "mimetype", MEDIA_TYPE.encode(), zipfile.ZIP_STORED)
        _put(archive, "META-INF/manifest.xml", _xml(_manifest()))
        _put(archive, "content.xml", _xml(_content(pages)))
        _put(archive, "styles.xml", _xml(_root("document-styles")))
        _put(archive, "settings.xml", _xml(_settings(pages)))
    return made.getvalue()


def _put(archive: zipfile.ZipFile, name: str, data: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
    archive.writestr(zipfile.ZipInfo(name, _MADE), data, how)


def _root(name: str) -> Element:
    spaces = {f"xmlns:{prefix}": uri for prefix, uri in _NAMESPACES.items()}
    return Element(f"office:{name}", {**spaces, "office:version": "1.3"})


def _xml(root: Element) -> bytes:
    found: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def _manifest() -> Element:
    root = Element(
        "manifest:manifest",
        {"xmlns:manifest": _NAMESPACES["manifest"], "manifest:version": "1.3"},
    )
    for path, kind in (
        ("/", MEDIA_TYPE),
        ("content.xml", "text/xml"),
        ("styles.xml", "text/xml"),
        ("settings.xml", "text/xml"),
    ):
        SubElement(
            root,
            "manifest:file-entry",
            {"manifest:full-path": path, "manifest:media-type": kind},
        )
    return root


def _content(pages: list[Page]) -> Element:
    root = _root("document-content")
    _styles(SubElement(root, "office:automatic-styles"), pages)
    sheet = SubElement(SubElement(root, "office:body"), "office:spreadsheet")
    lists = SubElement(sheet, "table:content-validations")
    for page in pages:
        for number, column in enumerate(page.columns):
            if column.options or column.options_from:
                _validation(lists, page, number, column)
    if not len(lists):
        sheet.remove(lists)
    for page in pages:
        _table(sheet, page)
    return root


def _styles(styles: Element, pages: list[Page]) -> None:
    for name, bold, size, fill in (
        ("wrapped", False, "", ""),
        ("heading", True, "", "#4f46e5"),
        ("bold", True, "", ""),
        ("title", True, "16pt", ""),
    ):
        style = SubElement(
            styles, "style:style", {"style:name": name, "style:family": "table-cell"}
        )
        cell = {"fo:wrap-option": "wrap", "style:vertical-align": "top"}
        if fill:
            cell["fo:background-color"] = fill
        SubElement(style, "style:table-cell-properties", cell)
        text = {"fo:font-weight": "bold"} if bold else {}
        if size:
            text["fo:font-size"] = size
        if fill:
            text["fo:color"] = "#ffffff"
        SubElement(style, "style:text-properties", text)
    fitting = SubElement(
        styles, "style:style", {"style:name": "fitting", "style:family": "table-row"}
    )
    properties = {"style:use-optimal-row-height": "true"}
    SubElement(fitting, "style:table-row-properties", properties)
    for width in sorted({column.width for page in pages for column in page.columns}):
        style = SubElement(
            styles,
            "style:style",
            {"style:name": f"width{width}", "style:family": "table-column"},
        )
        properties = {"style:column-width": f"{width * _CENTIMETRES:.2f}cm"}
        SubElement(style, "style:table-column-properties", properties)


def _list_name(page: Page, number: int) -> str:
    return f"list {page.name} {number}"


def _validation(lists: Element, page: Page, number: int, column: PageColumn) -> None:
    if column.options:
        options = ";".join(f'"{each}"' for each in column.options)
        condition = f"of:cell-content-is-in-list({options})"
    else:
        last = f"[$'{column.options_from}'.$A$2:.$A${ROWS_TO_COME}]"
        condition = f"of:cell-content-is-in-list({last})"
    validation = SubElement(
        lists,
        "table:content-validation",
        {
            "table:name": _list_name(page, number),
            "table:condition": condition,
            "table:allow-empty-cell": "true",
            "table:display-list": "unsorted",
            "table:base-cell-address": f"'{page.name}'.A2",
        },
    )
    SubElement(
        validation,
        "table:error-message",
        {
            "table:display": "true" if column.options and not column.is_open else "false",
            "table:message-type": "stop",
        },
    )


def _table(sheet: Element, page: Page) -> None:
    table = SubElement(sheet, "table:table", {"table:name": page.name})
    for column in page.columns:
        attributes = {
            "table:style-name": f"width{column.width}",
            "table:default-cell-style-name": "wrapped",
        }
        SubElement(table, "table:table-column", attributes)
    if not page.is_text:
        headings = SubElement(SubElement(table, "table:table-header-rows"), "table:table-row")
        for column in page.columns:
            _cell(headings, column.heading, "heading", note=column.note)
    for at, row in enumerate(page.rows):
        line = SubElement(table, "table:table-row", {"table:style-name": "fitting"})
        for number, value in enumerate(row):
            style = "bold" if page.labels and number == 0 else "wrapped"
            if page.is_text:
                text = str(value)
                style = "title" if at == 0 else "bold" if len(text) < 12 else "wrapped"
            _cell(line, value, style, _list_of(page, number))
    if any(_list_of(page, number) for number in range(len(page.columns))):
        blank = SubElement(
            table, "table:table-row", {"table:number-rows-repeated": str(ROWS_TO_COME)}
        )
        for number in range(len(page.columns)):
            _cell(blank, None, "wrapped", _list_of(page, number))


def _list_of(page: Page, number: int) -> str:
    column = page.columns[number] if number < len(page.columns) else None
    if column is None or not (column.options or column.options_from):
        return ""
    return _list_name(page, number)


def _cell(
    row: Element, value: str | int | float | None, style: str, validation: str = "", note: str = ""
) -> None:
    attributes = {"table:style-name": style}
    if validation:
        attributes["table:content-validation-name"] = validation
    if isinstance(value, str):
        attributes["office:value-type"] = "string"
    elif value is not None:
        attributes |= {"office:value-type": "float", "office:value": repr(value)}
    cell = SubElement(row, "table:table-cell", attributes)
    if note:
        paragraph = SubElement(SubElement(cell, "office:annotation"), "text:p")
        paragraph.text = note
    if value is not None:
        for line in str(value).split("\n"):
            _paragraph(SubElement(cell, "text:p"), line)


def _paragraph(paragraph: Element, text: str) -> None:
    """A line, with elements for the blanks that would be lost: those at its ends, and runs."""
    last: Element | None = None
    plain: list[str] = []

    def flush() -> None:
        written = "".join(plain)
        plain.clear()
        if last is None:
            paragraph.text = (paragraph.text or "") + written
        else:
            last.tail = (last.tail or "") + written

    for index, character in enumerate(text):
        at_end = index in {0, len(text) - 1}
        if character == "\t" or (character == " " and (at_end or text[index - 1] == " ")):
            flush()
            last = SubElement(paragraph, "text:tab" if character == "\t" else "text:s")
        else:
            plain.append(character)
    flush()


def _settings(pages: list[Page]) -> Element:
    """What LibreOffice keeps the headings in sight by, when people scroll."""
    root = _root("document-settings")
    views = SubElement(
        SubElement(root, "office:settings"),
        "config:config-item-set",
        {"config:name": "ooo:view-settings"},
    )
    indexed = SubElement(views, "config:config-item-map-indexed", {"config:name": "Views"})
    view = SubElement(indexed, "config:config-item-map-entry")
    _setting(view, "ViewId", "string", "view1")
    tables = SubElement(view, "config:config-item-map-named", {"config:name": "Tables"})
    for page in pages:
        entry = SubElement(tables, "config:config-item-map-entry", {"config:name": page.name})
        if page.is_text:
            continue
        for name, value in (
            ("HorizontalSplitMode", "2"),
            ("VerticalSplitMode", "2"),
            ("HorizontalSplitPosition", "1"),
            ("VerticalSplitPosition", "1"),
            ("PositionRight", "1"),
            ("PositionBottom", "1"),
            ("ActiveSplitRange", "3"),
        ):
            kind = "short" if name.endswith(("Mode", "Range")) else "int"
            _setting(entry, name, kind, value)
    _setting(view, "ActiveTable", "string", pages[0].name)
    return root


def _setting(parent: Element, name: str, kind: str, value: str) -> None:
    item = SubElement(parent, "config:config-item", {"config:name": name, "config:type": kind})
    item.text = value
