"""All that a company has here, as a whole: taken along, brought back, and deleted.

An archive (`archive.py` says what is in it) is written from the tables as they are, whatever they
are: `tables.py` reads the catalogue of the database, and a test fails for a table or column that
restoring does not know how to carry over.
"""
