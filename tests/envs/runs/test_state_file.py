"""State files: there and back bit for bit, and what is no state file."""

import json
from pathlib import Path

import numpy as np
import pytest

from heatrouter.envs.errors import StateFileError
from heatrouter.envs.runs.prepared_run import prepare_run, save_run
from heatrouter.envs.runs.state_file import (
    Arrays,
    StateHeader,
    fitted,
    read_state,
    write_state,
)
from heatrouter.envs.spec.loading import load_district, load_task

DISTRICT = load_district("energy-web")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StateHeader, Arrays]:
    path = tmp_path_factory.mktemp("state") / "new" / "state.npz"
    run = prepare_run(DISTRICT, load_task("energy-web"), days=1.0, start=15)
    run.begin()
    header = save_run(path, run, "rules")
    return path, header, run.batch.save_state()


def changed(header: StateHeader, arrays: Arrays, path: Path, **fields: object) -> Path:
    content = json.dumps({**header.model_dump(mode="json"), **fields})
    np.savez(path, allow_pickle=False, header=np.array(content), **arrays)
    return path


def test_there_and_back(saved: tuple[Path, StateHeader, Arrays]) -> None:
    path, header, arrays = saved
    found, back = read_state(path, DISTRICT)
    assert found == header
    assert (found.step, found.time_s, found.time_utc[:10]) == (1344, 1209600, "2003-01-15")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)
    assert [file.name for file in path.parent.iterdir()] == ["state.npz"]


def test_other_versions_are_refused(
    saved: tuple[Path, StateHeader, Arrays], tmp_path: Path
) -> None:
    _, header, arrays = saved
    path = tmp_path / "other.npz"
    for fields in ({"heatrouter": "99.0.0"}, {"format_version": 2, "more": 1}):
        with pytest.raises(StateFileError, match="save the state anew with this version"):
            read_state(changed(header, arrays, path, **fields), DISTRICT)
    for fields in ({"format": "else"}, {"scenario": 3}, {"more": 1}):
        with pytest.raises(StateFileError):
            read_state(changed(header, arrays, path, **fields), DISTRICT)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"{}", b"\x80\x04."])
def test_what_is_no_state_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "wrong.npz"
    path.write_bytes(content)
    with pytest.raises(StateFileError, match="is no state file"):
        read_state(path, DISTRICT)


def test_other_archives_and_cut_files(
    saved: tuple[Path, StateHeader, Arrays], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.npz"
    np.save(path.with_suffix(".npy"), np.zeros(3))
    np.savez(path, a=np.zeros(3))
    for wrong in (path, path.with_suffix(".npy")):
        with pytest.raises(StateFileError, match="is no state file"):
            read_state(wrong, DISTRICT)
    whole = saved[0].read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StateFileError, match="damaged"):
        read_state(path, DISTRICT)
    np.savez(path, header=np.array({"a": 1}, dtype=object), allow_pickle=True)
    with pytest.raises(StateFileError, match="is no state file"):
        read_state(path, DISTRICT)


def test_one_state_for_many_and_what_does_not_fit(
    saved: tuple[Path, StateHeader, Arrays],
) -> None:
    _, _, arrays = saved
    run = prepare_run(DISTRICT, load_task("energy-web"), days=1.0)
    template = {
        name: np.repeat(array, 3, axis=2 if name == "builder.history" else 0)
        if array.ndim
        else array
        for name, array in run.batch.save_state().items()
    }
    many = fitted("x", arrays, template)
    assert many["plant.scenario"].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(many["plant.store"][2], arrays["plant.store"][0])
    wrong = {**arrays, "plant.store": arrays["plant.store"][:, :, :3]}
    wrong["plant.fuel"] = arrays["plant.fuel"].astype(np.float32)
    del wrong["stock"]
    with pytest.raises(StateFileError) as refused:
        fitted("x", wrong, run.batch.save_state())
    assert {m.path for m in refused.value.mistakes} == {"plant.store", "plant.fuel", "stock"}


def test_several_environments_and_bad_places(
    saved: tuple[Path, StateHeader, Arrays], tmp_path: Path
) -> None:
    _, header, arrays = saved
    two = {**arrays, "plant.time_s": np.zeros(2, dtype=np.int64)}
    with pytest.raises(StateFileError, match="one at a time"):
        write_state(tmp_path / "x.npz", header, two)
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFileError, match="cannot be written"):
        write_state(tmp_path / "file" / "x.npz", header, arrays)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
