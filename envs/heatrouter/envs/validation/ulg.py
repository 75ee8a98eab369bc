"""University of Liege: steps of temperature through 39 m of insulated steel pipe.

Every ``ulg/ulg_<test>.csv`` is run; ``ulg/reference_<tool>_ulg_<test>.csv`` hold other tools'
results. Geometry and materials are those of the README of the validation data; nothing is tuned.
"""

import math
from pathlib import Path

import numpy as np

from heatrouter.envs.validation.measurement_files import (
    MASS_FLOW,
    TEMPERATURE,
    TIME,
    Column,
    Reader,
    find_folder,
)
from heatrouter.envs.validation.pipe_network import PipeLine, wall_capacity_j_mk
from heatrouter.envs.validation.published import TWO_VOLUMES, ULG_ERRORS_K
from heatrouter.envs.validation.single_pipe import PipeTest, judge
from heatrouter.envs.validation.verdict import Report, bias, rmse

RMSE_LIMIT_K, BIAS_LIMIT_K = 0.65, 0.25

AMBIENT_C = 22.0
INNER_M, OUTER_M = 0.05248, 0.06028
INSULATION_M, INSULATION_W_MK, FILM_W_M2K = 0.013, 0.04, 5.0
_R_MK_W = (
    math.log((OUTER_M + 2.0 * INSULATION_M) / OUTER_M) / (2.0 * INSULATION_W_MK)
    + 1.0 / (FILM_W_M2K * (OUTER_M + 2.0 * INSULATION_M))
) / math.pi
PIPE = PipeLine(
    "inlet", "outlet", 39.0, INNER_M, _R_MK_W, wall_capacity_j_mk(INNER_M, OUTER_M, 8000.0, 500.0)
)

_COLUMNS = {
    "time": Column(TIME),
    "m_flow": Column(MASS_FLOW),
    "T_water_in": Column(TEMPERATURE),
    "T_water_out": Column(TEMPERATURE),
}
_REFERENCE = {
    "time": Column(TIME),
    "T_out_measured": Column(TEMPERATURE),
    "T_out_model": Column(TEMPERATURE),
}


def load(data: Path, reader: Reader) -> list[PipeTest]:
    """Read every test of the folder.

    Raises:
        MeasurementError: the folder does not exist.
    """
    folder = find_folder(data, "ulg", "files ulg_*.csv")
    files = sorted(folder.glob("ulg_*.csv"))
    if not files:
        reader.complain(folder, "holds no ulg_*.csv; name the folder of the validation data")
    tests = []
    for path in files:
        table = reader.read(path, _COLUMNS)
        name = path.stem.removeprefix("ulg_")
        others, errors = _references(folder, name, reader)
        if table is None:
            continue
        if not errors and name in ULG_ERRORS_K:
            errors[TWO_VOLUMES] = ULG_ERRORS_K[name]
        tests.append(
            PipeTest(
                f"ulg {name}",
                PIPE,
                table["time"],
                table["T_water_in"],
                table["T_water_out"],
                table["m_flow"],
                np.full(table["time"].size, AMBIENT_C),
                others,
                errors,
            )
        )
    return tests


def _references(
    folder: Path, name: str, reader: Reader
) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], dict[str, tuple[float, float]]]:
    others, errors = {}, {}
    for path in sorted(folder.glob(f"reference_*_ulg_{name}.csv")):
        table = reader.read(path, _REFERENCE)
        if table is None:
            continue
        tool = path.stem.removeprefix("reference_").removesuffix(f"_ulg_{name}").replace("_", " ")
        others[tool] = table["time"], table["T_out_model"]
        error = table["T_out_model"] - table["T_out_measured"]
        errors[tool] = rmse(error), bias(error)
    return others, errors


def run(tests: list[PipeTest]) -> Report:
    """Simulate and compare every test."""
    results = [judge(test, rmse_limit_k=RMSE_LIMIT_K, bias_limit_k=BIAS_LIMIT_K) for test in tests]
    return Report(
        "ulg",
        "39 m of steel pipe in a laboratory: water temperature at the outlet",
        tuple(check for checks, _ in results for check in checks),
        tuple(curves for _, curves in results),
    )
