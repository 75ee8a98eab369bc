"""The store of a service: bundles appear whole, the index says which one is in force."""

from pathlib import Path

import pytest
from bundle_mutations.original import Original, write_folder

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.deploy.model_store import ModelIndex, ModelStore
from heatrouter.envs.errors import BundleError

A, B = "a" * 16, "b" * 16


def test_a_bundle_is_kept_byte_for_byte_under_the_name_of_its_manifest(
    original: Original, signed: Path, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path / "state")
    files = read_bundle(signed)
    name = store.install(files)
    assert name == files.identity[:16]
    assert read_bundle(store.folder(name)).contents == original.contents
    assert store.install(files) == name
    assert [path.name for path in store.path.iterdir()] == [name], "nothing else is left behind"
    (store.folder(name) / "policy.onnx").write_bytes(b"damaged")
    store.install(files)
    assert read_bundle(store.folder(name)).contents == original.contents


def test_a_list_shows_what_is_there(original: Original, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "state")
    assert store.models() == []
    for part in ("contents", "other"):
        store.install(read_bundle(write_folder(tmp_path / part, getattr(original, part))))
    assert {model.title for model in store.models()} == {"constant"}
    assert [model.saving for model in store.models()] == [0.01, 0.01]
    assert all(model.signed for model in store.models())


def test_activate_and_rollback_go_to_and_fro() -> None:
    index = ModelIndex()
    with pytest.raises(BundleError, match="no earlier bundle"):
        index.rolled_back()
    index = index.activated(A)
    assert index.rolled_back().champion is None, "back to the configured one"
    index = index.activated(B)
    assert (index.champion, index.previous) == (B, A)
    assert index.activated(B) == index, "once more changes nothing, and loses no way back"
    assert index.rolled_back().champion == A
    assert index.rolled_back().rolled_back() == index


def test_a_challenger_that_wins_is_no_challenger_any_more() -> None:
    index = ModelIndex().activated(A).challenged(B)
    assert index.challenger == B
    with pytest.raises(BundleError, match="another bundle"):
        index.challenged(A)
    assert index.activated(B).challenger is None


def test_a_damaged_index_is_not_guessed(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    configured = tmp_path / "configured"
    assert store.bundle_in_force(configured) == configured
    store.write_index(ModelIndex().activated(A))
    assert store.bundle_in_force(configured) == store.folder(A)
    (store.path / "index.json").write_text('{"champion": "../../elsewhere"}')
    with pytest.raises(BundleError, match=r"index\.json"):
        store.bundle_in_force(configured)
