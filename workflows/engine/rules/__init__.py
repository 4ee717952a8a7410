"""Rules, which are JsonLogic: checked, bounded in what they cost, and evaluated.

Nobody else asks the evaluator (`evaluating`) to run one.

It is strict, where JsonLogic is lenient (design.md, section 4):

- A condition must yield exactly true or false. The empty condition is true.
- Reading a variable that is not in the data is an error that names it, never null. The check
  happens when the variable is *read*: a branch that ``and``, ``or`` or ``if`` does not reach
  reads nothing, so ``{"if": [{"missing": ["a"]}, false, {"<": [{"var": "a"}, 1]}]}`` works.
  Guards are a default (``{"var": ["a", 0]}``), ``missing``, ``missing_some`` and ``exists``.
  A variable that is there with the value null has been read, and ``??`` replaces only nulls.
- Inside ``map``, ``filter``, ``reduce``, ``all``, ``some`` and ``none`` variables are those of
  the item, and one that the item lacks is an error too.
- Names that are computed (``{"var": {"cat": [...]}}``) follow the same rule when they are read.
- ``try`` and ``throw`` would hide errors, the operator ``now`` would make a decision depend on
  the clock: they are not available. The variables ``today`` and ``now`` are given (clock.py).
- Work is bounded before it is done: the depth and size of a rule, the depth and size of the data,
  the operations of one evaluation, and, by arithmetic (rule_cost.py), how much it makes and
  goes over.
- ``merge`` keeps nulls, as lists do everywhere else.

Comparisons between unlike types are JsonLogic's: ``"10" == 10`` is true, ``"x" == 10`` is
false, null counts as 0 in ``<`` and ``>`` (a variable that is *missing* never does), and is
``==`` to 0, false and ``""``: ``===`` tells them apart. Ordering a text that is not a number
against a number is an error. Numbers are decimals (evaluating/numbers.py), times are compared by
what they mean (evaluating/moments.py), other texts character by character, so that ISO dates
compare as dates.
"""
