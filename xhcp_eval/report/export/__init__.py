"""A finished report in the forms that offices pass on: Word, PDF, figures, tables."""
