"""What all tests share: no display, no threads beside xdist's workers, examples that repeat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run: a failure seen once is seen again, and a busy machine fails nothing.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items):
    """The packs take longest: begun first, they leave no worker waiting for the other at the end."""
    items.sort(key=lambda item: item.path.name != "test_packs.py")
