from __future__ import annotations

import io
import zipfile
from unittest import mock

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import examples
from workflows.errors import UnreadableBundleError
from workflows.workbooks import FileType, Reading, read_document, write_document, write_template
from workflows.workbooks.formats.archive import MAX_ELEMENTS, MAX_NAME_BYTES
from workflows.workbooks.formats.grid import MAX_ROWS
from workflows.workbooks.tests.workbook_files import (
    changed,
    part,
    problem_at,
    reported,
    rewritten,
    saved,
    sheet_part,
    shipped,
    workbook,
)

OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.replace("&a0;", "&a;") for n in range(1, 9))
    + "]>"
)


class RefusalTests(SimpleTestCase):
    """Files that are not read at all, each with a sentence that says what to do."""

    def assert_refused(self, content: bytes, filename: str, sentence: str) -> None:
        with self.assertRaises(UnreadableBundleError) as caught:
            read_document(content, filename)
        self.assertIn(sentence, str(caught.exception))

    def test_an_empty_file(self) -> None:
        for name in ("a.xlsx", "a.ods", "a.json", "a.yaml", ""):
            self.assert_refused(b"", name, "The file is empty.")
            self.assert_refused(b" \n", name, "The file is empty.")

    def test_a_file_that_is_no_workbook(self) -> None:
        self.assert_refused(b"hello", "a.xlsx", "cannot be read as a workbook")
        self.assert_refused(b"hello", "a.ods", "cannot be read as a workbook")
        self.assert_refused(b"PK\x03\x04 not really", "a.xlsx", "cannot be read as a workbook")
        self.assert_refused(b"%PDF-1.7", "a.pdf", "Upload a workbook")
        self.assert_refused(b"\x89PNG", "a.png", "Upload a workbook")

    def test_half_a_workbook(self) -> None:
        content = write_template()
        for length in (30, 500, len(content) // 2, len(content) - 10):
            self.assert_refused(content[:length], "a.xlsx", "cannot be read as a workbook")

    def test_another_kind_of_archive(self) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("readme.txt", "hello")
        self.assert_refused(made.getvalue(), "a.xlsx", "cannot be read as a workbook")
        with zipfile.ZipFile(made, "a") as archive:
            archive.writestr("word/document.xml", "<a/>")
        self.assert_refused(made.getvalue(), "a.docx", "Upload a workbook")

    def test_a_name_that_no_spreadsheet_program_writes(self) -> None:
        for ending, kind in ((".xlsx", FileType.XLSX), (".ods", FileType.ODS)):
            longest = rewritten(write_template(kind), {"x" * MAX_NAME_BYTES: "<a/>"})
            read_document(longest, f"a{ending}")
            longer = rewritten(write_template(kind), {"x" * (MAX_NAME_BYTES + 1): "<a/>"})
            self.assert_refused(longer, f"a{ending}", "cannot be read as a workbook")

    def test_a_text_document_of_open_office(self) -> None:
        content = rewritten(
            write_template(FileType.ODS), {"mimetype": "application/vnd.oasis.opendocument.text"}
        )
        self.assert_refused(content, "a.odt", "Upload a workbook")

    def test_an_old_workbook(self) -> None:
        self.assert_refused(OLD_OFFICE + b"\x00" * 600, "a.xls", "Save it as .xlsx")

    def test_a_workbook_with_a_password(self) -> None:
        content = OLD_OFFICE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le")
        self.assert_refused(content, "a.xlsx", "protected with a password")
        manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
        content = rewritten(write_template(FileType.ODS), {"META-INF/manifest.xml": manifest})
        self.assert_refused(content, "a.ods", "protected with a password")

    def test_an_archive_with_a_password(self) -> None:
        content = bytearray(write_template())
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            position = content.find(signature)
            while position >= 0:
                content[position + offset] |= 1
                position = content.find(signature, position + 4)
        self.assert_refused(bytes(content), "a.xlsx", "protected with a password")

    def test_a_workbook_with_macros(self) -> None:
        content = rewritten(write_template(), {"xl/vbaProject.bin": b"x"})
        self.assert_refused(content, "a.xlsm", "macros")
        types = part(write_template(), "[Content_Types].xml").replace(
            "spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"
        )
        self.assert_refused(
            rewritten(write_template(), {"[Content_Types].xml": types}), "a.xlsx", "macros"
        )

    def test_a_binary_workbook(self) -> None:
        content = rewritten(write_template(), {"xl/workbook.xml": None, "xl/workbook.bin": b"x"})
        self.assert_refused(content, "a.xlsb", ".xlsb")

    def test_a_table_of_commas(self) -> None:
        self.assert_refused(b"key,title\na,b\n", "tasks.csv", "download the template")

    def test_a_file_that_is_too_large(self) -> None:
        self.assert_refused(b"x" * (5 * 1024 * 1024 + 1), "a.xlsx", "larger than 5 MB")

    def test_an_unknown_ending(self) -> None:
        self.assert_refused(b'{"a": 1}', "a.exe", "Upload a workbook")


MOST_STEPS = 3_000_000  # about half a second


class BombTests(SimpleTestCase):
    """Small files that want to become large ones."""

    def assert_refused(
        self, content: bytes, sentence: str = "too large when it is unpacked"
    ) -> None:
        def read() -> None:
            with self.assertRaisesRegex(UnreadableBundleError, sentence):
                read_document(content, "a.xlsx")

        self.assertLess(steps_of(read), MOST_STEPS)

    def read(self, content: bytes, name: str = "a.xlsx") -> list[tuple[str, str]]:
        """What is reported of a file that is read all the same, without much ado."""
        found: list[Reading] = []
        steps = steps_of(lambda: found.append(read_document(content, name)))
        self.assertLess(steps, MOST_STEPS)
        return reported(found[0])

    def test_a_part_that_unpacks_to_too_much(self) -> None:
        zeros = b"<sst>" + b" " * (90 * 1024 * 1024)
        for base in (write_template(), write_template(FileType.ODS)):
            content = rewritten(base, {"xl/sharedStrings.xml": zeros, "content.xml": zeros})
            self.assertLess(len(content), 1024 * 1024)
            self.assert_refused(content)

    def test_a_part_that_lies_about_its_size(self) -> None:
        zeros = b"<sst>" + b" " * (45 * 1024 * 1024)
        content = bytearray(rewritten(write_template(), {"xl/workbook.xml": zeros}))
        size = len(zeros).to_bytes(4, "little")
        small = (100).to_bytes(4, "little")
        self.assertIn(size, content)
        self.assert_refused(bytes(content.replace(size, small)), "")

    def test_thousands_of_parts(self) -> None:
        made = io.BytesIO(write_template())
        with zipfile.ZipFile(made, "a") as archive:
            for number in range(3_000):
                archive.writestr(f"x{number}", "")
        self.assert_refused(made.getvalue())

    def test_entities(self) -> None:
        content = write_template()
        sheet = sheet_part(content, "Tasks")
        xml = part(content, sheet).split("?>", 1)[-1]
        for name, body in (
            (sheet, BOMB + xml.replace("<sheetData>", "<sheetData>&a8;")),
            ("xl/workbook.xml", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><workbook/>'),
        ):
            self.assert_refused(rewritten(content, {name: body}), "cannot be read as a workbook")

    def test_elements_without_end(self) -> None:
        content = write_template()
        sheet = sheet_part(content, "Tasks")
        self.assert_refused(rewritten(content, {sheet: "<a>" * 200_000}))
        wide = rewritten(content, {sheet: "<a>" + "<b/>" * 2_000_000 + "</a>"})
        with mock.patch("workflows.workbooks.formats.archive.MAX_ELEMENTS", 50_000):
            self.assert_refused(wide)
        self.assertLess(MAX_ELEMENTS, 2_000_000)

    def test_a_merged_range_of_the_whole_sheet(self) -> None:
        content = write_template()
        sheet = sheet_part(content, "Fields")
        ranges = '<mergeCell ref="A1:XFD1048576"/>' * 1_000
        xml = part(content, sheet).replace(
            "</sheetData>", f"</sheetData><mergeCells>{ranges}</mergeCells>"
        )
        self.assertEqual(self.read(rewritten(content, {sheet: xml})), [])

    def test_one_long_text_that_many_cells_share(self) -> None:
        content = write_template()
        sheet = sheet_part(content, "Fields")
        rows = "".join(
            f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c><c r="B{row}" t="s"><v>0</v></c></row>'
            for row in range(20, 2_000)
        )
        xml = part(content, sheet).replace("</sheetData>", f"{rows}</sheetData>")
        relations = "xl/_rels/workbook.xml.rels"
        relation = '<Relationship Id="x1" Type="https://x/sharedStrings" Target="texts.xml"/>'
        parts: dict[str, str | bytes | None] = {
            sheet: xml,
            relations: part(content, relations).replace(
                "</Relationships>", f"{relation}</Relationships>"
            ),
            "xl/texts.xml": f"<sst><si><t>{'x' * 100_000}</t></si></sst>",
        }
        self.assert_too_long(rewritten(content, parts), "a.xlsx")

    def test_one_long_text_in_many_cells_of_a_row(self) -> None:
        content = write_template(FileType.ODS)
        row = (
            '<table:table-row table:number-rows-repeated="5000">'
            '<table:table-cell office:value-type="string" table:number-columns-repeated="100">'
            f"<text:p>{'x' * 100_000}</text:p></table:table-cell></table:table-row></table:table>"
        )
        xml = part(content, "content.xml").replace("</table:table>", row)
        self.assert_too_long(rewritten(content, {"content.xml": xml}), "a.ods")

    def test_a_long_text_that_many_cells_name(self) -> None:
        def name_it(book: Workbook) -> None:
            sheet = book.create_sheet("Long texts")
            for each in (("number", "text"), *((1, f"[{'x' * 30_000}]") for _part in range(20))):
                sheet.append(each)
            for row in range(2, 200):
                book["Fields"].cell(row, 2).value = "long text 1"

        book = workbook()
        name_it(book)
        self.assert_too_long(saved(book), "a.xlsx")

    def assert_too_long(self, content: bytes, filename: str) -> None:
        with self.assertRaisesRegex(UnreadableBundleError, "more than 20 million characters"):
            read_document(content, filename)

    def test_repeated_cells_and_rows(self) -> None:
        content = write_template(FileType.ODS)
        row = (
            '<table:table-row table:number-rows-repeated="1000000">'
            '<table:table-cell office:value-type="string" '
            'table:number-columns-repeated="1000000"><text:p>x</text:p></table:table-cell>'
            "</table:table-row></table:table>"
        )
        xml = part(content, "content.xml").replace("</table:table>", row)
        told_of = self.read(rewritten(content, {"content.xml": xml}), "a.ods")
        messages = [message for _place, message in told_of]
        self.assertTrue(any("is the most that is read" in each for each in messages))


class SizeTests(SimpleTestCase):
    def test_each_row_takes_as_many_steps_as_any_other(self) -> None:
        small, large = (self.steps_of_reading(rows) for rows in (500, 2_000))
        self.assertLess(large, 4.2 * small)
        self.assertLess(large / 2_000, 3_000)

    def steps_of_reading(self, rows: int) -> int:
        book = workbook()
        for number in range(rows):
            book["Transitions"].append(
                ["solve", "end", f"transition {number}", f"ticket.priority = {number}", number]
            )
        content = saved(book)
        return steps_of(lambda: read_document(content, "a.xlsx"))

    def test_a_usual_workbook_takes_few_steps(self) -> None:
        content = write_document(shipped("it_help"), FileType.ODS)
        self.assertLess(steps_of(lambda: read_document(content, "a.ods")), MOST_STEPS)

    def test_more_rows_than_are_read_are_told(self) -> None:
        def change(book: Workbook) -> None:
            for number in range(MAX_ROWS + 5):
                book["Company roles"].append([f"role {number}"])

        reading = changed(change)
        self.assertTrue(reading.problems[0].is_error)
        place, message = reported(reading)[0]
        self.assertEqual(place, "sheet Company roles")
        self.assertIn("more than 10000 rows", message)

    def test_a_row_at_the_end_of_the_world(self) -> None:
        def change(book: Workbook) -> None:
            book["Company roles"].cell(1_048_576, 1).value = "IT Intern"

        reading = changed(change)
        self.assertEqual(
            [place for place, _message in reported(reading)], ["sheet Company roles, row 1048576"]
        )


class BrokenFileTests(SimpleTestCase):
    """Whatever is inside, it is read or refused with a sentence."""

    @given(st.data())
    @examples(60)
    def test_any_part_may_be_anything(self, data: st.DataObject) -> None:
        file_type = data.draw(st.sampled_from([FileType.XLSX, FileType.ODS]))
        content = write_template(file_type)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            name = data.draw(st.sampled_from(sorted(archive.namelist())))
            old = archive.read(name)
        start = data.draw(st.integers(0, len(old)))
        end = data.draw(st.integers(start, min(len(old), start + 40)))
        new = old[:start] + data.draw(st.binary(max_size=20)) + old[end:]
        try:
            read_document(rewritten(content, {name: new}), "a.xlsx").check()
        except UnreadableBundleError as error:
            self.assertTrue(str(error))

    @given(
        st.sampled_from(["r", "t", "s", "ref", "numFmtId", "name", "state", "formatCode"]),
        st.sampled_from(
            ["", "-1", "999999999999999999999", "x", "A0", "ZZZ9999999", "e", "s", "b"]
        ),
    )
    @examples(60)
    def test_any_attribute_may_be_anything(self, name: str, value: str) -> None:
        content = write_template()
        parts: dict[str, str | bytes | None] = {}
        for each in ("xl/workbook.xml", "xl/styles.xml", sheet_part(content, "Fields")):
            pieces = part(content, each).split(f' {name}="')
            changed_pieces = [
                f'{value}"{piece.split(chr(34), 1)[1]}' if index else piece
                for index, piece in enumerate(pieces)
            ]
            parts[each] = f' {name}="'.join(changed_pieces)
        try:
            read_document(rewritten(content, parts), "a.xlsx").check()
        except UnreadableBundleError as error:
            self.assertTrue(str(error))

    def test_two_sheets_whose_names_differ_in_case(self) -> None:
        content = write_template()
        xml = part(content, "xl/workbook.xml").replace('name="Company roles"', 'name="tasks"')
        reading = read_document(rewritten(content, {"xl/workbook.xml": xml}), "a.xlsx")
        self.assertIn("two sheets “Tasks”", problem_at(reading, "sheet tasks").message)
