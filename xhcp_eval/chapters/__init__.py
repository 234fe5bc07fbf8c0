"""What is said of it: one file a notebook, and the kit that they share."""
