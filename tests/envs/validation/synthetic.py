"""Small files in the format of the measurements, with outcomes that are known."""

import math
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.validation import pandapipes_solution
from heatrouter.envs.validation.ulg import AMBIENT_C, PIPE
from heatrouter.envs.validation.water_properties import HEAT_CAPACITY_J_KGK, water_density_kg_m3

STEP_K, FLOW_KG_S = 10.0, 1.2


def write_table(
    path: Path, header: Sequence[str], units: Sequence[str], rows: Sequence[Sequence[object]]
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(header), ",".join(units)]
    lines += [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def analytic_outlet_c(time_s: FloatArray) -> FloatArray:
    """Outlet of the Liege pipe after a step of its inlet, wall in two equal mixing volumes.

    The step passes two first-order lags, one at each end, a delay, and the exponential loss.
    """
    density = water_density_kg_m3(AMBIENT_C + STEP_K)
    content_kg = 0.25 * math.pi * PIPE.inner_diameter_m**2 * PIPE.length_m * density
    delay_s = content_kg / FLOW_KG_S
    capacity = content_kg / PIPE.length_m * HEAT_CAPACITY_J_KGK
    kept = math.exp(-delay_s / (PIPE.resistance_mk_w * capacity))
    rate = 2.0 * FLOW_KG_S * HEAT_CAPACITY_J_KGK / (PIPE.wall_capacity_j_mk * PIPE.length_m)
    a = rate * np.maximum(time_s - delay_s, 0.0)
    result: FloatArray = AMBIENT_C + STEP_K * kept * (1.0 - (1.0 + a) * np.exp(-a))
    return result


def write_ulg(folder: Path, *, shift_k: float = 0.0, name: str = "made_1") -> Path:
    """Write an ULg file whose outlet is the closed form, plus a shift."""
    time_s = np.arange(0.0, 400.0, 2.0)
    outlet = analytic_outlet_c(time_s) + shift_k
    # the pipe starts at the ambient temperature, the step comes within a hundredth of a second
    rows: list[list[object]] = [[0, FLOW_KG_S, "", AMBIENT_C, AMBIENT_C, AMBIENT_C]]
    rows += [
        [max(t, 0.01), FLOW_KG_S, "", f"{out:.5f}", AMBIENT_C, AMBIENT_C + STEP_K]
        for t, out in zip(time_s, outlet, strict=True)
    ]
    header = ("time", "m_flow", "T_wall_out", "T_water_out", "T_wall_in", "T_water_in")
    units = ("s", "kg/s", "degC", "degC", "degC", "degC")
    return write_table(folder / "ulg" / f"ulg_{name}.csv", header, units, rows)


def pretend_pandapipes(installed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it look as if this version of pandapipes were installed, or none."""

    def version(name: str) -> str:
        if installed is None:
            raise PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(pandapipes_solution, "version", version)
