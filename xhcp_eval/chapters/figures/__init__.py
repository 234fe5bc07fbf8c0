"""Figures of the brief and the official report: one file a kind, each with a finding as its title and labels in place of legends."""
