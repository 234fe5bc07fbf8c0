"""How a series moved: classical trend models for many short series at once."""
