"""AIT: a week of a real network in Pongau (Austria), four substations, 15 min readings.

Every ``ait/ait_*.csv`` is run: inlet temperature and the flows drive the supply pipes, the
temperatures at p2, p3 and p4 are compared. ``ait/reference_<tool>_ait.csv`` hold other tools'
results. Every model of this network, the IBPSA library's included, is 0.8 to 1.3 K too warm with
the given parameters; the limit is no invitation to tune.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.validation.imposed_flow import Drive, run_imposed
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
    build_network,
    shell_resistance_mk_w,
    wall_capacity_j_mk,
)
from heatrouter.envs.validation.series import at_times, step_edges, step_means
from heatrouter.envs.validation.single_pipe import FINE_STEP_S, TRAINING_STEP_S
from heatrouter.envs.validation.verdict import Check, Curves, Report, bias, rmse
from heatrouter.envs.validation.water_properties import HEAT_CAPACITY_J_KGK, water_density_kg_m3

RMSE_LIMIT_K = 1.8
IGNORED_S = 86_400.0
"""The pipes' temperature at the start is not known."""

STATIONS = ("p2", "p3", "p4")
LIMITED = ("p2", "p3")
FLOWING_KG_S, FLOWING_S = 0.005, 2700.0
"""p4 stands still a quarter of the time; its reading means water only after this flow."""

_COLUMNS = {
    "time": Column(TIME),
    **{f"T_p{i}": Column(TEMPERATURE) for i in (1, 2, 3, 4)},
    **{f"m_flow_p{i}": Column(MASS_FLOW) for i in (1, 2, 3, 4)},
    "T_outdoor": Column(TEMPERATURE),
}


def _line(start: str, end: str, length_m: float, kind: str) -> PipeLine:
    """Return a pipe of one of the two kinds, polyurethane in ground as in the data sheets."""
    outer, casing = (0.0889, 0.18) if kind == "DN80" else (0.0337, 0.07)
    wall = 0.0032
    inner = outer - 2.0 * wall
    # The README's resistance of the larger pipe starts from 89.9 mm.
    shell = 0.0899 if kind == "DN80" else outer
    resistance = shell_resistance_mk_w((shell, casing, 0.024), (casing, 2.0, 2.4))
    capacity = wall_capacity_j_mk(inner, outer, 8000.0, 500.0)
    return PipeLine(start, end, length_m, inner, resistance, capacity, roughness_m=1e-4)


LINES = (
    _line("p1", "A", 20.0, "DN80"),
    _line("A", "B", 115.0, "DN80"),
    _line("B", "p4", 29.0, "DN25"),
    _line("B", "C", 20.0, "DN80"),
    _line("C", "p2", 76.0, "DN25"),
    _line("C", "p3", 38.0, "DN25"),
)


@dataclass(frozen=True, slots=True)
class Week:
    """A file of measurements with the other tools' results, by tool."""

    table: Table
    references: dict[str, Table]


def load(data: Path, reader: Reader) -> list[Week]:
    """Read every week of the folder.

    Raises:
        MeasurementError: the folder does not exist.
    """
    folder = find_folder(data, "ait", "files ait_*.csv")
    files = sorted(folder.glob("ait_*.csv"))
    if not files:
        reader.complain(folder, "holds no ait_*.csv; name the folder of the validation data")
    columns = {"time": Column(TIME), **{f"T_{p}": Column(TEMPERATURE) for p in STATIONS}}
    references = {}
    for path in sorted(folder.glob("reference_*_ait.csv")):
        table = reader.read(path, columns)
        if table is not None:
            tool = path.stem.removeprefix("reference_").removesuffix("_ait").replace("_", " ")
            references[tool] = table
    weeks = []
    for path in files:
        table = reader.read(path, _COLUMNS)
        if table is not None:
            if table["time"][-1] - table["time"][0] <= IGNORED_S:
                reader.complain(path, "is no longer than the first day, which is ignored")
            weeks.append(Week(table, references))
    return weeks


def run(weeks: list[Week]) -> Report:
    """Simulate and compare every week."""
    checks: list[Check] = []
    pictures: list[Curves] = []
    for week in weeks:
        _judge(week, checks, pictures)
    return Report(
        "ait",
        "a real network, 15 min readings, first day ignored: supply temperature at the substations",
        tuple(checks),
        tuple(pictures),
    )


def simulate(table: Table, dt_s: float) -> tuple[FloatArray, FloatArray]:
    """Simulate a week.

    Returns:
        Edges of the steps, s, and step means at p2, p3 and p4, degC, shape (n_steps, 3).
    """
    time = table["time"]
    network = build_network(
        LINES,
        "p1",
        density_kg_m3=water_density_kg_m3(float(table["T_p1"].mean())),
        heat_capacity_j_kgk=HEAT_CAPACITY_J_KGK,
    )
    edges = step_edges(float(time[0]), float(time[-1]), dt_s)
    flows = [step_means(time, table[f"m_flow_{p}"], edges) for p in STATIONS]
    # the rest of the network leaves at A
    rest = np.maximum(step_means(time, table["m_flow_p1"], edges) - sum(flows), 0.0)
    drive = Drive(
        consumer=np.array([network.location[p] for p in (*STATIONS, "A")], dtype=np.int64),
        flow_kg_s=np.stack([*flows, rest], axis=1),
        heat_w=None,
        inlet_temp_c=step_means(time, table["T_p1"], edges),
        outside_temp_c=step_means(time, table["T_outdoor"], edges),
        initial_temp_c=float(table["T_p1"][0]),
    )
    course = run_imposed(network.net, network.pipes, drive, dt_s)
    return edges, course.consumer_temp_c[:, : len(STATIONS)]


def _judge(week: Week, checks: list[Check], pictures: list[Curves]) -> None:
    table, time = week.table, week.table["time"]
    name = table.path.stem.replace("_", " ", 1)
    fine = _at_readings(table, FINE_STEP_S)
    coarse = _at_readings(table, TRAINING_STEP_S)
    for k, station in enumerate(STATIONS):
        kept = time - time[0] >= IGNORED_S
        note = ""
        if station not in LIMITED:
            kept &= _flowing(time, table[f"m_flow_{station}"])
            note = f"no limit: stands still at times; flow >= {FLOWING_KG_S} kg/s for 45 min only"
        measured = table[f"T_{station}"]
        others = {
            tool: (reference["time"], reference[f"T_{station}"])
            for tool, reference in week.references.items()
        }
        theirs = {tool: _their_error(time, measured, kept, t, v) for tool, (t, v) in others.items()}
        limit = RMSE_LIMIT_K if station in LIMITED else None
        error = (fine[:, k] - measured)[kept]
        case = f"{name} {station}"
        checks += [
            Check(
                case,
                f"RMSE at {FINE_STEP_S:g} s",
                rmse(error),
                "K",
                limit,
                {tool: rmse(e) for tool, e in theirs.items()},
                note,
            ),
            Check(
                case,
                f"bias at {FINE_STEP_S:g} s",
                bias(error),
                "K",
                None,
                {tool: bias(e) for tool, e in theirs.items()},
                note,
            ),
            Check(
                case,
                f"RMSE at {TRAINING_STEP_S:g} s",
                rmse((coarse[:, k] - measured)[kept]),
                "K",
                note=note,
            ),
        ]
        hours = time / 3600.0
        pictures.append(
            Curves(
                case.replace(" ", "-"),
                f"{case}: supply temperature",
                hours,
                "h",
                measured,
                fine[:, k],
                {tool: (t / 3600.0, v) for tool, (t, v) in others.items()},
                judged=kept,
            )
        )


def _at_readings(table: Table, dt_s: float) -> FloatArray:
    edges, temps = simulate(table, dt_s)
    columns = [at_times(edges, temps[:, k], table["time"]) for k in range(temps.shape[1])]
    return np.stack(columns, axis=1)


def _their_error(
    time: FloatArray,
    measured: FloatArray,
    kept: BoolArray,
    their_time: FloatArray,
    theirs: FloatArray,
) -> FloatArray:
    """Another tool's error at its own, sparser times that fall into the judged span."""
    inside = np.interp(their_time, time, kept.astype(np.float64)) >= 1.0
    error: FloatArray = (theirs - np.interp(their_time, time, measured))[inside]
    return error


def _flowing(time: FloatArray, flow: FloatArray) -> BoolArray:
    """Where the flow has been enough for long enough."""
    enough = flow >= FLOWING_KG_S
    since = math.inf
    flowing = np.zeros(time.size, dtype=np.bool_)
    for i in range(time.size):
        since = min(since, float(time[i])) if enough[i] else math.inf
        flowing[i] = time[i] - since >= FLOWING_S
    return flowing
