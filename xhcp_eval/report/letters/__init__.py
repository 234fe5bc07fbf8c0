"""Letters to departments: official papers with a number, a list of questions and a slip to answer on."""
