"""Sessions, transcript, turns, cases and delivery: everything that must not be lost."""
