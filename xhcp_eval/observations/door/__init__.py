"""How a file comes in: opened, checked whole, marked and sent back, or kept."""
