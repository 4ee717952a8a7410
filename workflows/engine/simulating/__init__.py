"""The parts of `workflows/engine/simulate.py`, a module for each subject."""
