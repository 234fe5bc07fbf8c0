"""Tests of installation run only when asked for (`pytest -m install tests/install`): they fetch or unpack a quarter of a gigabyte."""


def pytest_configure(config):
    config.addinivalue_line("markers", "install: installs the package as a user would (slow)")


def pytest_ignore_collect(collection_path, config):
    """Plain `make test` stays self-contained."""
    return None if "install" in config.option.markexpr else True
