"""All regions at once: the verdicts of `assess` for a whole province or the country, by arrays."""
