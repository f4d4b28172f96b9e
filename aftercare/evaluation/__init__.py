"""How good the product is: a replay beside what should have come of it, as numbers and as a page. Knows nothing of ours."""
