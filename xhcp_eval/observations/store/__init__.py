"""Where figures are kept, and the rounds in which they are asked for."""
