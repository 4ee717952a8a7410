"""What a process that lives long does about Python's garbage collector."""

from __future__ import annotations

import gc

# So many objects more than were given back, until the young ones are looked through; so many times
# of that until the older ones are. Python's own (2,000, 10, 10) suit small programs: with all our
# models, forms and templates, looking took a sixth of a page's time.
THRESHOLDS = (50_000, 10, 10)


def freeze_what_is_loaded() -> None:
    """Look for garbage less often, and never again in what is there by now: code, models,
    settings. Call it when all of that is loaded; a second call takes in what came since."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
