"""Ledgers made once: tests copy them and do them harm."""

from pathlib import Path

import pytest
from tests.envs.settlement.ledgers import KeyFiles, make_keys, settled


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return make_keys(tmp_path_factory.mktemp("keys"), "operator")


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A winter day, unsigned, hour by hour."""
    return settled(tmp_path_factory.mktemp("day"), "--days", "1")


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory, keys: KeyFiles) -> Path:
    """Two hours, signed."""
    options = ("--days", str(2 / 24), "--key", str(keys.private))
    return settled(tmp_path_factory.mktemp("short"), *options)
