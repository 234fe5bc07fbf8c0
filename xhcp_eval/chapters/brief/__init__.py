"""Two pages for those who decide: how it stands, what is asked of them, what is at risk."""
