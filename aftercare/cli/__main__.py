"""``python -m aftercare.cli``: the same as ``aftercare``, for child processes that need no console script."""

from aftercare.cli import entry

raise SystemExit(entry())
