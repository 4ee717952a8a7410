"""What stands in the cells of a workbook: `kinds.py` has every kind that a column may have."""
