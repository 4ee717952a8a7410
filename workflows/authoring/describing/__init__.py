"""Describe your process: a language model drafts a workflow from what somebody tells of it.

The model is the installation's own setting, and gets no tool at all: it answers with a bundle,
which is read and checked like a file that was uploaded, and which a person keeps as a draft or
not. Nothing here can publish.
"""
