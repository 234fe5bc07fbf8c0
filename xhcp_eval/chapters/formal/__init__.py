"""The report in official form, chapter by chapter, as blocks."""
