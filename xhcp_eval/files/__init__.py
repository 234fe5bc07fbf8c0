"""Files, for all rooms: whole or not at all, and one door for YAML."""
