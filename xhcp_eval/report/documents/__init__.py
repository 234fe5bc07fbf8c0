"""Documents to sign and table: a brief and a report made from blocks, as Word, page and PDF."""
