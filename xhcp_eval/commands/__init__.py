"""What is typed: the command line, thin over the rooms."""
