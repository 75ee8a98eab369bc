"""A complete bundle of a real district, signed, and the keys."""

from pathlib import Path

import pytest
from bundle_mutations.original import Original, make_original, write_folder

from heatrouter.deploy.signing import generate_keys


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return make_original(tmp_path_factory.mktemp("originals"))


@pytest.fixture
def signed(original: Original, tmp_path: Path) -> Path:
    """Signed with ``original.key``."""
    return write_folder(tmp_path / "signed", original.contents)


@pytest.fixture
def unsigned(original: Original, tmp_path: Path) -> Path:
    contents = {n: d for n, d in original.contents.items() if n != "signature.json"}
    return write_folder(tmp_path / "unsigned", contents)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """Private and public file of a new key."""
    private, public, _ = generate_keys(tmp_path / "keys" / "release")
    return private, public
