"""Pages that need nothing else: rendered chapters, summary, overview, results, changes."""
