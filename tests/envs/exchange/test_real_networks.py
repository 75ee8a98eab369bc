"""The real files, where the folder HEATROUTER_DATA holds some, and pandapipes' own network.

Each becomes a district that simulates a day with a closed energy balance.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from heatrouter.envs.exchange.assembly import Choices
from heatrouter.envs.exchange.importing import import_source
from heatrouter.envs.spec.loading import load_task
from heatrouter.envs.spec.plant_units import HeatExchanger, HeatPump, Store
from heatrouter.envs.validation.closure import CLOSURE_LIMIT, simulate_rules

FOLDER = Path(os.environ.get("HEATROUTER_DATA", "")) / "networks"
FILES = sorted(FOLDER.glob("*.esdl")) if os.environ.get("HEATROUTER_DATA") else []
LINKS = {"heat_exchanger": HeatExchanger, "heat_pump": HeatPump, "poc_tutorial_ates": Store}

needs_files = pytest.mark.skipif(
    not FILES, reason="HEATROUTER_DATA names no data folder with networks/*.esdl in it"
)


@needs_files
def test_every_return_is_found_beside_its_supply() -> None:
    for file in FILES:
        made = import_source(str(file), Choices())
        assert all(back is not None for _, back in made.pipe_paths.values()), file.name
        kind = LINKS.get(file.stem)
        assert kind is None or any(isinstance(unit, kind) for unit in made.district.units)


@needs_files
@pytest.mark.slow
def test_every_file_simulates_a_day() -> None:
    for file in FILES:
        district = import_source(str(file), Choices()).district
        closure, covered = simulate_rules(district, load_task("energy-web"), 24.0)
        assert abs(closure) <= CLOSURE_LIMIT, file.name
        assert covered > 0.9, file.name


@needs_files
def test_pyesdl_sees_the_same_assets() -> None:
    esdl = pytest.importorskip("esdl.esdl_handler")
    from heatrouter.envs.exchange.esdl_reading import read_esdl
    from heatrouter.envs.exchange.import_report import ImportReport

    for file in FILES:
        handler = esdl.EnergySystemHandler()
        handler.load_file(str(file))
        theirs = {
            (
                type(asset).__name__,
                asset.name,
                float(getattr(asset, "power", 0.0)),
                *sorted((p.id, *sorted(c.id for c in p.connectedTo)) for p in asset.port),
            )
            for asset in handler.get_all_instances_of_type(esdl.esdl.Asset)
        }
        ours = {
            (
                asset.kind,
                asset.name,
                asset.number("power") or 0.0,
                *sorted((p.key, *sorted(p.others)) for p in asset.ports),
            )
            for asset in read_esdl(file, ImportReport(file.name, "ESDL")).assets
        }
        assert ours == theirs


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_network_of_schutterwald() -> None:
    if find_spec("pandapipes") is None:
        pytest.skip("pandapipes is not installed")
    from heatrouter.envs.validation import imported_network

    report = imported_network.run()
    assert report.missed == ()
    assert sum(check.limit is not None for check in report.checks) == 6
    district = import_source(imported_network.NETWORK, Choices()).district
    closure, _ = simulate_rules(district, load_task("energy-web"), 24.0)
    assert abs(closure) <= CLOSURE_LIMIT
