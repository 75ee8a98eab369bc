"""A district written for pandapipes is solved there, and comes back as what it was."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from heatrouter.envs.exchange.assembly import Choices
from heatrouter.envs.exchange.importing import import_source
from heatrouter.envs.exchange.pandapipes_module import load_pandapipes
from heatrouter.envs.network.pipe_data import build_pipe_data
from heatrouter.envs.network.topology import build_topology
from heatrouter.envs.spec.consumer_units import Substation
from heatrouter.envs.spec.design_load import design_draws
from heatrouter.envs.spec.loading import load_district

if find_spec("pandapipes") is None:
    pytest.skip("pandapipes is not installed", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def text() -> str:
    from heatrouter.envs.exchange.pandapipes_export import export_pandapipes

    return export_pandapipes(load_district("energy-web"))[0]


def test_what_is_exported_comes_back(text: str, tmp_path: Path) -> None:
    file = tmp_path / "energy-web.json"
    file.write_text(text, encoding="utf-8")
    before, after = load_district("energy-web"), import_source(str(file), Choices()).district
    assert [p.name for p in after.pipes] == [p.name for p in before.pipes]
    assert [p.length_m for p in after.pipes] == [p.length_m for p in before.pipes]
    assert {x.name for x in after.locations} == {x.name for x in before.locations}
    draws = {d.unit: d.heat_kw for d in design_draws(before, before.circuits[0])}
    heat = {u.name: u.space_heat_design_kw for u in after.units if isinstance(u, Substation)}
    assert heat == pytest.approx(draws, rel=1e-6)
    losses = [build_pipe_data(d, build_topology(d)).to_ground for d in (before, after)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)


def test_pandapipes_reads_and_solves_it(text: str, tmp_path: Path) -> None:
    pp = load_pandapipes()

    file = tmp_path / "energy-web.json"
    file.write_text(text, encoding="utf-8")
    net = pp.from_json(str(file))
    pp.pipeflow(net, mode="sequential", friction_model="colebrook", use_numba=False)
    assert net.converged
    supplies = net.res_junction.t_k[net.heat_consumer.from_junction] - 273.15
    district = load_district("energy-web")
    assert supplies.min() > district.circuits[0].supply_temp_min_c
    fed = net.res_circ_pump_pressure.mdot_from_kg_per_s.iloc[0]
    fed += net.circ_pump_mass.mdot_flow_kg_per_s.sum()
    assert abs(fed) == pytest.approx(net.heat_consumer.controlled_mdot_kg_per_s.sum(), rel=1e-6)
