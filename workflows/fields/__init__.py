"""Questions: what a form asks for, and what its answers are.

Each folder in here with a `rules.py` is one type of question. A new one is a folder with

- `rules.py`: a subclass of `FieldType` (field.py), made once as TYPE. Plain Python: the keys of
  its spec, the JSON Schema of an answer, how what was typed is read, what conditions take it for,
  its cell in a workbook, a made-up answer.
- `screen.py`: a subclass of `Screen` (on_screen/screen.py), made once as SCREEN: its input, how an
  answer is shown, and what the editor's script knows of it.
- `lookup.py`, where answers name what stands in the database: `look_up` finds it before a pure
  step judges the answers (facts.py, in_database/look_up.py).

`registry.py` and `on_screen/screens.py` find them. What several types share stands in `shared/`
(`texts.py`, `numeric.py`, `moments.py`, `listed.py`) and in `on_screen/`. `specs/` checks the specs
that people write, `answers/` judges answers. tests/test_every_type_everywhere.py looks at each type
at each place, and says what a new one has left out.
"""
