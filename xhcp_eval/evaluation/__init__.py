"""Third-party evaluation: one file a family of methods; no file imports another."""
