"""What a spreadsheet program's file holds, and how one is written: cells, not what they mean."""
