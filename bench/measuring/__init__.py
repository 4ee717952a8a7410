"""How it is measured: rounds in turn, counted statements, and what a run has found."""
