"""The parts of the report: a module for each, with a function that makes it of the figures."""
