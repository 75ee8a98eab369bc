"""The gate: what is whole, signed and right comes in, and nothing else."""

from pathlib import Path

import pytest
from bundle_mutations.original import Original
from mutated_bundles import FAMILIES, run_mutations

from heatrouter.agents.bundle_files import pack_archive, parse_archive, read_bundle
from heatrouter.deploy.gate import admit, admit_files
from heatrouter.deploy.signing import TrustedKeys
from heatrouter.envs.errors import BundleError
from heatrouter.envs.spec.loading import load_district


def test_what_is_right_comes_in_from_a_folder_and_from_an_archive(
    original: Original, signed: Path, tmp_path: Path
) -> None:
    folder = admit(signed, original.trusted, original.district)
    archive = tmp_path / "bundle.zip"
    archive.write_bytes(pack_archive(original.contents))
    packed = admit(archive, original.trusted, original.district)
    assert folder.signed_by in original.trusted.keys
    assert packed.bundle.identity == folder.bundle.identity
    assert packed.bundle.model == folder.bundle.model


@pytest.mark.timeout(300)
def test_three_hundred_mutations_are_refused(original: Original, tmp_path: Path) -> None:
    outcomes, wrong, _ = run_mutations(tmp_path, 300, seed=11, original=original)
    assert wrong == []
    assert set(outcomes) == set(FAMILIES)
    assert all(outcome.refused == outcome.made > 20 for outcome in outcomes.values())


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_mutations_are_refused(original: Original, tmp_path: Path) -> None:
    _, wrong, _ = run_mutations(tmp_path, 10_000, seed=12, original=original)
    assert wrong == []


def test_unsigned_bundles_run_only_where_nobody_asks(unsigned: Path, original: Original) -> None:
    assert admit(unsigned, None, original.district).signed_by is None
    with pytest.raises(BundleError, match="not signed"):
        admit(unsigned, original.trusted, original.district)
    with pytest.raises(BundleError, match="not signed"):
        admit(unsigned, TrustedKeys({}), original.district)


def test_a_bundle_of_another_district_is_refused(signed: Path, original: Original) -> None:
    with pytest.raises(BundleError, match=r"made for 'energy-web'.*'sludge-biogas'"):
        admit(signed, original.trusted, load_district("sludge-biogas"))


def test_nothing_is_read_again_after_the_check(signed: Path, original: Original) -> None:
    files = read_bundle(signed)
    for path in signed.iterdir():
        path.write_bytes(b"exchanged meanwhile")
    admitted = admit_files(files, original.trusted, original.district)
    observation = admitted.bundle.golden.observation
    (action,) = admitted.bundle.session.run(None, {"observation": observation})
    assert action.shape == admitted.bundle.golden.action.shape


def test_a_pipe_in_the_place_of_a_file_does_not_block(signed: Path, original: Original) -> None:
    import os

    (signed / "policy.onnx").unlink()
    os.mkfifo(signed / "policy.onnx")
    with pytest.raises(BundleError, match="no ordinary file"):
        admit(signed, original.trusted, original.district)


def test_an_archive_has_one_form(original: Original, tmp_path: Path) -> None:
    data = pack_archive(original.contents)
    assert pack_archive(dict(reversed(list(original.contents.items())))) == data
    source = tmp_path / "x.zip"
    assert parse_archive(data, source).contents == original.contents
    for other in (b"x" + data, data + b"x", data[:-1], b""):
        with pytest.raises(BundleError):
            parse_archive(other, source)
