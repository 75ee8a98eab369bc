"""Files of measurements: units, and every mistake told with its file, its line and what to do."""

from pathlib import Path

import numpy as np
import pytest

from heatrouter.envs.errors import MeasurementError
from heatrouter.envs.validation.measurement_files import (
    MASS_FLOW,
    TEMPERATURE,
    TIME,
    Column,
    Reader,
    Table,
)

COLUMNS = {
    "time": Column(TIME),
    "T": Column(TEMPERATURE),
    "flow": Column(MASS_FLOW),
    "T_extra": Column(TEMPERATURE, required=False, may_be_blank=True),
}
GOOD = "time,T,flow,T_extra\ns,K,kg/h,degC\n0,293.15,3600,\n1,303.15,1800,5\n"


def read(tmp_path: Path, text: str) -> Table:
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    reader = Reader(tmp_path)
    table = reader.read(path, COLUMNS)
    reader.check()
    assert table is not None
    return table


def test_units_are_converted(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD)
    assert table["T"] == pytest.approx([20.0, 30.0])
    assert table["flow"] == pytest.approx([1.0, 0.5])
    assert np.isnan(table["T_extra"][0])
    assert table["T_extra"][1] == 5.0


def test_columns_may_be_missing_or_more_and_lines_blank(tmp_path: Path) -> None:
    text = "time,other,T,flow\ns,-,degC,l/h\n\n0,x,20,3600\n5,y,20,3600\n"
    table = read(tmp_path, text)
    assert "T_extra" not in table.values
    assert table["flow"] == pytest.approx([0.998, 0.998])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["line 1", "empty"]),
        ("time,T\ns,K\n0,300\n", ["line 1", "no column 'flow'", "there are: time, T"]),
        ("time,T,flow\ns,K,kg/s\n", ["line 3", "no rows"]),
        ("time,T,flow\n", ["line 2", "no units"]),
        ("time,T,flow\ns,K,kg/s\n0,300,1\n", ["line 3", "the only row", "two or more"]),
        (GOOD.replace("303.15", "warm"), ["line 4", "column 'T'", "'warm' is no number"]),
        (GOOD.replace("303.15", "nan"), ["line 4", "column 'T'", "'nan'", "leave out the row"]),
        (GOOD.replace("303.15", ""), ["line 4", "column 'T'", "blank", "fill it in"]),
        (GOOD.replace("\n1,", "\n0,"), ["line 4", "same time as line 3", "keep one"]),
        (GOOD + "0.5,300,0,\n", ["line 5", "earlier than line 4", "sort"]),
        (GOOD.replace("s,K,", "s,F,"), ["line 2", "unit 'F'", "degC or K"]),
        (GOOD.replace("s,K,", "s,degC,"), ["line 3", "293.15", "check value and unit"]),
        (GOOD.replace("1800", "-1800"), ["line 4", "column 'flow'", "outside"]),
        (GOOD + "3,300\n", ["line 5", "2 cells", "header has 4"]),
    ],
)
def test_mistakes_name_line_and_remedy(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(MeasurementError) as raised:
        read(tmp_path, text)
    message = str(raised.value)
    assert "file.csv" in message
    for part in parts:
        assert part in message


def test_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(GOOD.replace("303.15", "?"), encoding="utf-8")
        assert reader.read(tmp_path / name, COLUMNS) is None
    assert reader.read(tmp_path / "c.csv", COLUMNS) is None
    with pytest.raises(MeasurementError) as raised:
        reader.check()
    assert len(raised.value.mistakes) == 3
    assert "c.csv, not found" in str(raised.value)


def test_many_mistakes_of_a_sort_are_counted(tmp_path: Path) -> None:
    text = "time,T,flow\ns,K,kg/s\n" + "".join(f"{i},x,1\n" for i in range(50))
    with pytest.raises(MeasurementError, match="47 more lines with text in numbers"):
        read(tmp_path, text)
