"""The workbooks that departments fill in, read back and sent back."""
