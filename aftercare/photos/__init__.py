"""Photos from outside, made safe: what kind a file is, its re-encoding in a process of its own, and where copies are kept."""
