"""The document itself: its form, its one spelling, the words read for ours, and its problems.

What stands in one is made out in `workflows/bundles/outline`, and checked in
`workflows/bundles/checks`.
"""
