"""Many regions, one command: reports of regions x packs that finish whatever happens."""
