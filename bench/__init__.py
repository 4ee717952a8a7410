"""Speed, measured side by side in one run against floors that stand in the same database."""
