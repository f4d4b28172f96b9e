"""The one door to Rasa: a signed turn comes in, its outcome goes out."""
