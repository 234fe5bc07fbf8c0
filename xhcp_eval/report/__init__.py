"""From a params file to the report that a reviewer opens: run notebooks, render pages, write the index."""
