"""Where the boxes and lines of a workflow's picture go: geometry only, no SVG and no Django.

A layered layout, from top to bottom (after Sugiyama): loops are cut at the back edges that a
depth-first search finds, the longest path gives each node its row (rows.py), barycentre sweeps
reduce crossings (order.py), and each row is then spread by isotonic regression (across.py). What a
line needs on its way (a bend, a label) takes room in the rows like a box does, so nothing can
overlap it. A line that leads back leaves and enters its boxes at the side, in a lane of its own.

All lengths are pixels. The same input gives the same picture.
"""
