"""The parts of `workflows/running/workflow_repair.py`, a module for each subject."""
