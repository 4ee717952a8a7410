"""What can be made out in a document that may be wrong in any place, and what its rules can read.

The checks, the tries and the sentences read a document through this.
"""
