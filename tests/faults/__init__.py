"""Faults in real processes: killed, stopped, broken or locked out. No message may be lost, shown twice or left alone."""
