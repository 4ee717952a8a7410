"""Questions: what a form asks for, and what its answers are.

Each folder in here is one type of question. The modules beside them are what the types share
(`texts.py`, `numeric.py`, `moments.py`, `listed.py`) and what asks them: `specs.py` checks the
specs that people write, `validation.py` judges answers, `registry.py` finds the types.
"""
