"""Measurements: each module runs by ``python -m benchmarks.<name>`` and prints a table."""
