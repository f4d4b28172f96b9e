"""Rasa graph components: spelling, sentence vectors, the intent classifier and the reader of findings."""
