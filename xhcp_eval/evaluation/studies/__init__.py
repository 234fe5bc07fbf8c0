"""Measures and what became of them: effects and costs."""
