"""The sheets of a workbook and their columns: `all_sheets.py` lists them."""
