"""Scores by people: the sheets that raters fill in, and what comes of them."""
