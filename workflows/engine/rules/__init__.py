"""Rules, which are JsonLogic: checked, bounded in what they cost, and evaluated."""
