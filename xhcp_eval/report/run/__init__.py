"""Notebooks executed: fast in forked copies, or in fresh processes where there is no fork."""
