"""The aftercare assistant: answers questions after a skin treatment and brings in a person."""
