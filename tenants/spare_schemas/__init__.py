"""Schemas that are made before somebody signs up, so that nobody waits for forty tables.

A job keeps SPARE_SCHEMAS of them (`keep.py`); a sign-up takes one in its own transaction and gives
it the company's name (`provision` in tenants/provisioning.py), or makes a schema itself where none
is there. A spare carries the digest of what it was made from, and is for that version of the code
alone: no migration ever runs in one. Their names begin with an underscore, as no company's can.
"""
