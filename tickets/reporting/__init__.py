"""The report: figures of tickets over a chosen time, each with the list of what it counts.

A part of it is a module in `sections/` and a line in `report.py`. It shows what `figures.py` asks
the database, which is asked as often whatever there is.
"""
