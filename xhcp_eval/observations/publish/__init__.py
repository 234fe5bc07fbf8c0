"""What may be printed: small cells hidden, so that none can be had back; the yearbook."""
