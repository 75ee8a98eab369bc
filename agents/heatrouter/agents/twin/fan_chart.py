"""The fan as a picture: supply, stores, boilers, waste heat and cost over the hours ahead."""

import os
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from heatrouter.agents.twin.running import TwinRun
from heatrouter.agents.twin.setting_up import TwinSetup
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Boiler, HeatPump, Store, WasteHeatSource
from heatrouter.envs.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK: Final = "#1f2933"
_GRID: Final = "#e4e7eb"
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#8c6bb1")
_BANDS: Final = ((0.1, 0.9, 0.18), (0.25, 0.75, 0.30))
"""Lower and upper quantile and opacity of each band, wide ones first."""

_KW_PER_MW: Final = 1000.0
_EUR_PER_THOUSAND: Final = 1000.0
_PANEL_INCH: Final = 1.75
_WIDTH_INCH: Final = 9.0
_TICKS_H: Final = (1, 2, 3, 6, 12, 24, 48, 168, 336, 730)
_MOST_TICKS: Final = 14


class Panel(NamedTuple):
    """One quantity, or one of several units side by side."""

    title: str
    unit: str
    courses: dict[str, FloatArray]  # each (n_steps, n_members)
    from_zero: bool


def draw_fan(setup: TwinSetup, run: TwinRun, path: Path) -> None:
    """Draw the fan into a PNG file that appears whole or not at all.

    Args:
        setup: What was run.
        run: What came of it.
        path: The file; one that is there is replaced.

    Raises:
        ConfigError: The file's name does not end in ``.png``, or it cannot be written.
    """
    check_picture(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = fan_panels(setup.district, run)
    height = 1.1 + _PANEL_INCH * len(panels)
    figure = Figure(figsize=(_WIDTH_INCH, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    steps = np.arange(1, run.outputs.shape[0] + 1, dtype=np.float64)
    hours: FloatArray = steps * run.dt_s / SECONDS_PER_HOUR
    for panel, place in zip(panels, axes, strict=True):
        _draw(place, panel, hours)
    axes[-1].set_xlabel(f"hours from {setup.start:%Y-%m-%d %H:%M} UTC", color=_INK)
    axes[-1].set_xticks(_ticks(float(hours[-1])))
    members = setup.batch.num_envs
    legend = "line: scenario"
    if members > 1:
        legend += f"; dashed: median of {members} members; bands: 25-75 % and 10-90 %"
    figure.suptitle(
        f"{setup.district.title} under {setup.controller.name}, {hours[-1]:g} h ahead\n{legend}",
        color=_INK,
        fontsize=10,
        x=0.01,
        ha="left",
    )
    _save(figure.savefig, path)


def check_picture(path: Path) -> None:
    """Raise ConfigError where a picture cannot be drawn or cannot have this name."""
    if path.suffix.lower() != ".png" or path.is_dir():
        message = f"{path}: the picture is a PNG file; let its name end in .png"
        raise ConfigError(message)
    if find_spec("matplotlib") is None:
        message = "pictures need matplotlib; install it with: pip install 'heatrouter[study]'"
        raise ConfigError(message)


def fan_panels(district: District, run: TwinRun) -> list[Panel]:
    """What is drawn; a district without stores or boilers has no panel for them."""
    circuits = {
        circuit.name: run.column(f"{circuit.name}.supply_temp_c")
        for circuit in district.circuits[: len(_COLOURS)]
    }
    stores = {
        unit.name: run.column(f"{unit.name}.level")
        for unit in district.units
        if isinstance(unit, Store)
    }
    boilers = _sum(run, [u.name for u in district.units if isinstance(u, Boiler)], "heat_kw")
    waste = _waste_heat(district, run)
    panels = [Panel("supply temperature", "°C", circuits, from_zero=False)]
    if stores:
        shown = dict(list(stores.items())[: len(_COLOURS)])
        panels.append(Panel("store level", "share", shown, from_zero=True))
    if boilers is not None:
        panels.append(Panel("heat from boilers", "MW", {"": boilers / _KW_PER_MW}, from_zero=True))
    if waste is not None:
        panels.append(Panel("waste heat taken up", "MW", {"": waste / _KW_PER_MW}, from_zero=True))
    cost = np.cumsum(run.terms_eur.sum(axis=2), axis=0) / _EUR_PER_THOUSAND
    panels.append(Panel("cost so far", "1000 €", {"": cost}, from_zero=False))
    return panels


def _waste_heat(district: District, run: TwinRun) -> FloatArray | None:
    """Heat of sources, and what heat pumps take from cooling loads, as in the key figures."""
    sources = [u.name for u in district.units if isinstance(u, WasteHeatSource)]
    pumps = [u.name for u in district.units if isinstance(u, HeatPump) and u.source is not None]
    parts = [_sum(run, sources, "heat_kw"), _sum(run, pumps, "evaporator_kw")]
    known = [part for part in parts if part is not None]
    return np.sum(known, axis=0) if known else None


def _sum(run: TwinRun, units: list[str], quantity: str) -> FloatArray | None:
    if not units:
        return None
    total: FloatArray = np.sum([run.column(f"{name}.{quantity}") for name in units], axis=0)
    return total


def _draw(axes: "Axes", panel: Panel, hours: FloatArray) -> None:
    for (name, values), colour in zip(panel.courses.items(), _COLOURS, strict=False):
        if values.shape[1] > 1:
            for low, high, opacity in _BANDS:
                below, above = np.quantile(values, (low, high), axis=1)
                axes.fill_between(hours, below, above, color=colour, alpha=opacity, linewidth=0.0)
            median = np.median(values, axis=1)
            axes.plot(hours, median, color=colour, lw=1.0, ls=(0, (4, 2)))
        axes.plot(hours, values[:, 0], color=colour, lw=1.4, label=name.replace("_", " "))
    axes.set_title(f"{panel.title}, {panel.unit}", loc="left", color=_INK, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=_INK)
    axes.grid(visible=True, color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlim(0.0, float(hours[-1]))
    if panel.from_zero:
        axes.set_ylim(bottom=0.0)
    if len(panel.courses) > 1:
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _ticks(hours: float) -> FloatArray:
    step = next((h for h in _TICKS_H if hours / h <= _MOST_TICKS), _TICKS_H[-1])
    return np.arange(0.0, hours + 0.5 * step, step)


def _save(save: Callable[..., None], path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".png", dir=path.parent)
        os.close(handle)
        stage = Path(name)
        try:
            save(stage)
            stage.chmod(0o644)
            stage.replace(path)
        finally:
            stage.unlink(missing_ok=True)
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        raise ConfigError(message) from error
