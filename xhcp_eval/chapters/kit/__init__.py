"""What chapters share: how things look, what a cell shows, figures and tables of more than one chapter."""
