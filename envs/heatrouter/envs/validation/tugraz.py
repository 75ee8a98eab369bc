"""TU Graz: a step of temperature through 60 m of insulated copper pipe, beside eight simulators.

Every ``tugraz/case*.csv`` is run; its columns ``T_out_<tool>`` are other tools' results. Geometry
and materials are those of the README of the validation data; nothing is tuned.
"""

import math
from pathlib import Path

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.validation.measurement_files import (
    MASS_FLOW,
    TEMPERATURE,
    TIME,
    Column,
    Reader,
    Table,
    find_folder,
)
from heatrouter.envs.validation.pipe_network import (
    PipeLine,
    shell_resistance_mk_w,
    wall_capacity_j_mk,
)
from heatrouter.envs.validation.single_pipe import PipeTest, judge
from heatrouter.envs.validation.verdict import Report, bias, rmse

RMSE_LIMIT_K = 0.20

LENGTH_M, INNER_M, OUTER_M, INSULATION_M = 60.33, 0.020, 0.022, 0.013
FILM_W_M2K = 9.35
"""Not given by the laboratory; the value that pyDHN uses."""

_COLUMNS = {
    "time": Column(TIME),
    "T_in": Column(TEMPERATURE),
    "T_out": Column(TEMPERATURE),
    "flow": Column(MASS_FLOW),
    "T_amb": Column(TEMPERATURE),
}
_TOOL = "T_out_"


def load(data: Path, reader: Reader) -> list[PipeTest]:
    """Read every test of the folder.

    Raises:
        MeasurementError: the folder does not exist.
    """
    folder = find_folder(data, "tugraz", "files case*.csv")
    files = sorted(folder.glob("case*.csv"))
    if not files:
        reader.complain(folder, "holds no case*.csv; name the folder of the validation data")
    tables = [reader.read(path, _COLUMNS, others=TEMPERATURE) for path in files]
    return [_test(table) for table in tables if table is not None]


def run(tests: list[PipeTest]) -> Report:
    """Simulate and compare every test."""
    results = [judge(test, rmse_limit_k=RMSE_LIMIT_K, bias_limit_k=None) for test in tests]
    return Report(
        "tugraz",
        "60 m of copper pipe in a laboratory: water temperature at the outlet",
        tuple(check for checks, _ in results for check in checks),
        tuple(curves for _, curves in results),
    )


def _test(table: Table) -> PipeTest:
    time, measured = table["time"], table["T_out"]
    others: dict[str, tuple[FloatArray, FloatArray]] = {}
    errors: dict[str, tuple[float, float]] = {}
    for column, values in table.values.items():
        if column.startswith(_TOOL):
            tool = column.removeprefix(_TOOL).replace("_", " ")
            given = np.isfinite(values)
            others[tool] = time[given], values[given]
            errors[tool] = (
                rmse(values[given] - measured[given]),
                bias(values[given] - measured[given]),
            )
    mean_c = float(table["T_in"].mean())
    line = _pipe(0.5 * (mean_c + float(table["T_amb"].mean())))
    return PipeTest(
        f"tugraz {table.path.stem}",
        line,
        time,
        table["T_in"],
        measured,
        table["flow"],
        table["T_amb"],
        others,
        errors,
    )


def _pipe(insulation_c: float) -> PipeLine:
    """Return the pipe; its insulation conducts by its mean temperature, between two data points."""
    conductivity = 0.0389 + (0.0442 - 0.0389) * (insulation_c - 14.4) / (54.4 - 14.4)
    casing = OUTER_M + 2.0 * INSULATION_M
    resistance = shell_resistance_mk_w((INNER_M, OUTER_M, 380.0), (OUTER_M, casing, conductivity))
    resistance += 1.0 / (FILM_W_M2K * math.pi * casing)
    wall = wall_capacity_j_mk(INNER_M, OUTER_M, 8960.0, 385.0)
    return PipeLine("inlet", "outlet", LENGTH_M, INNER_M, resistance, wall)
