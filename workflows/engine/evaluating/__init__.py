"""Evaluates JsonLogic, with exact decimals.

`operators` declares each operator once; `compiled` makes steps of a rule; `numbers`, `moments` and
`values` say how values calculate, compare and are written. Plain Python: it imports nothing of the
engine but its texts, and `conditions` is the one module that calls it.
"""
