"""Tests of installation run only when asked for by their marker: they fetch or unpack a quarter of a gigabyte."""

import pytest


def pytest_configure(config):
    """Declare the marker."""
    config.addinivalue_line("markers", "install: installs the package as a user would (slow)")


def pytest_collection_modifyitems(config, items):
    """Skip them in the ordinary run."""
    if config.getoption("markexpr") != "install":
        for item in items:
            if "tests/install" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="运行 xhcp install-test"))
