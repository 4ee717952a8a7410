"""Layouts: components that draw a form or show data, as workflow creators write them.

Their source is hostile. It runs in a frame of an origin of its own, which gets the data by a
message and may load and send nothing; `frame.py` says how that holds.
"""
