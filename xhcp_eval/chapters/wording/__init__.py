"""How documents for leaders and government count and word what was judged: one file a rule, no sentences elsewhere."""
