"""Rasa custom actions, one a file. Each names its question; ``aftercare_action`` does the rest."""
