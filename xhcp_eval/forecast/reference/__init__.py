"""The forecaster learned on real short histories: features, networks, training, and the histories most alike."""
