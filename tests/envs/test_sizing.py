"""Size figures: presets within the bounds of practice, and the estimates behind them."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from heatrouter.envs.cli import main
from heatrouter.envs.design_day import (
    Weather,
    consumers,
    hourly_demand_kw,
    recoverable_kw,
)
from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.sizing import SizeFigure, size_figures
from heatrouter.envs.spec.consumer_units import Greenhouse, Substation
from heatrouter.envs.spec.design_load import design_heat_kw
from heatrouter.envs.spec.design_network import NetworkFlow
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, parse_district, preset_names, preset_text
from heatrouter.envs.spec.plant_units import WasteHeatSource


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


def figures_by_name(figures: tuple[SizeFigure, ...]) -> dict[str, SizeFigure]:
    return {f.name.split(" (")[0]: f for f in figures}


def constant_weather(temp_c: float) -> Weather:
    return Weather(np.full(8760, temp_c), np.zeros(8760))


NO_MEANING = {
    # three blocks of greenhouse on 3 km of wide pipe; docs/presets/tomato-piesteritz.md says so
    "tomato-piesteritz": {"annual loss"},
}


@pytest.mark.parametrize("name", preset_names())
def test_presets_have_sensible_sizes(name: str) -> None:
    odd = {f.name for f in size_figures(load_district(name)) if not f.sensible}
    assert odd == NO_MEANING.get(name, set())


def test_the_bounds_are_those_of_practice(district: District) -> None:
    # Restated as literals, so that a slip in the code is not copied here.
    figures = figures_by_name(size_figures(district))
    bounds = {name: (f.low, f.high) for name, f in figures.items()}
    assert bounds["peak gradient"] == (50.0, 200.0)
    assert bounds["annual loss"] == (5.0, 20.0)
    assert bounds["usable waste heat"] == (30.0, 80.0)
    assert bounds["stores over mean load"] == (4.0, 12.0)
    assert bounds["design heat of greenhouse"] == (150.0, 300.0)
    assert bounds["boilers over peak load"] == (100.0, None)
    assert bounds["capacity without the largest unit"] == (100.0, None)


def test_trench_length_is_the_sum(district: District) -> None:
    figures = figures_by_name(size_figures(district))
    assert figures["trench length"].value == sum(p.length_m for p in district.pipes)


def test_design_heat_is_met_at_the_design_temperature(district: District) -> None:
    cold = constant_weather(district.site.design_temp_c)
    for unit in consumers(district):
        hourly = hourly_demand_kw(district, unit, cold)
        assert hourly.max() <= design_heat_kw(district, unit) + 1e-9
        if isinstance(unit, Substation):
            # Loss at the design day equals the design heat; gains and hot water are extra.
            hot_water = unit.hot_water_annual_mwh * 1000.0 / 8760.0
            expected = unit.space_heat_design_kw * (1.0 - unit.buildings.gain_share) + hot_water
            np.testing.assert_allclose(hourly, expected)


def test_no_space_heat_on_warm_days(district: District) -> None:
    warm = constant_weather(25.0)
    for unit in consumers(district):
        hourly = hourly_demand_kw(district, unit, warm)
        if isinstance(unit, Substation):
            np.testing.assert_allclose(hourly.sum(), unit.hot_water_annual_mwh * 1000.0)
        elif isinstance(unit, Greenhouse):
            assert hourly.max() == 0.0


def test_colder_years_need_more(district: District) -> None:
    needs = [
        figures_by_name(size_figures(district, constant_weather(temp)))["annual demand"].value
        for temp in (-10.0, 0.0, 10.0, 20.0)
    ]
    assert needs == sorted(needs, reverse=True)


def test_recoverable_heat_keeps_the_exhaust_warm(district: District) -> None:
    glassworks = district.unit("glassworks")
    assert isinstance(glassworks, WasteHeatSource)
    # 12 kW/K from 300 down to 160 degC at most.
    assert recoverable_kw(glassworks, 20.0) == pytest.approx(12.0 * 140.0)
    assert recoverable_kw(glassworks, 300.0) == 0.0
    heats = [recoverable_kw(glassworks, c) for c in (20.0, 50.0, 80.0, 110.0)]
    assert heats == sorted(heats, reverse=True)


def test_flows_balance_at_every_location(district: District) -> None:
    circuit = district.circuits[0]
    network = NetworkFlow(district, circuit)
    drawn = np.linspace(-2.0, 6.0, len(circuit.locations))
    root = circuit.locations.index(circuit.root)
    drawn[root] = 0.0
    flow, drop = network.solve(drawn)
    net = np.zeros(len(circuit.locations))
    np.add.at(net, network.end, flow)
    np.add.at(net, network.start, -flow)
    others = np.arange(net.size) != root
    np.testing.assert_allclose(net[others], drawn[others], atol=1e-6)
    assert net[root] == pytest.approx(-drawn.sum())
    assert drop[root] == 0.0


def test_loop_flows_close(district: District) -> None:
    """Round the ring the pressure drops add up to nothing."""
    network = NetworkFlow(district, district.circuits[0])
    index = {name: i for i, name in enumerate(district.circuits[0].locations)}
    flow = design_flow(district, sources_run=True).mass_flow_kg_s
    drops = network._resistance(flow[network.pipes]) * flow[network.pipes]
    ring = ["mill_bridge", "north_gate", "market", "east_gate", "south_gate", "mill_bridge"]
    total = 0.0
    for here, there in itertools.pairwise(ring):
        for k, (start, end) in enumerate(zip(network.start, network.end, strict=True)):
            if {start, end} == {index[here], index[there]}:
                total += drops[k] if start == index[here] else -drops[k]
    assert abs(total) < 0.01 * np.abs(drops).max()


def test_check_prints_figures_and_flags_odd_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["districts", "check", "energy-web"]) == 0
    assert "all sizes within bounds" in capsys.readouterr().out
    assert main(["districts", "check", "energy-web", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sound"] is True
    assert answer["sensible"] is True
    assert {"name", "value", "unit", "low", "high", "sensible"} <= set(answer["figures"][0])


def test_strict_check_refuses_odd_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.yaml"
    text = preset_text("energy-web").replace("volume_m3: 800.0", "volume_m3: 70.0")
    text = text.replace("max_mass_flow_kg_s: 60.0", "max_mass_flow_kg_s: 6.0")
    file.write_text(text, encoding="utf-8")
    assert not all(f.sensible for f in size_figures(parse_district(text)))
    assert main(["districts", "check", str(file)]) == 0
    assert "look at: volume_m3" in capsys.readouterr().out
    assert main(["districts", "check", str(file), "--strict"]) == 78


def test_check_as_json_reports_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(preset_text("energy-web").replace("volume_m3: 800.0", "volume_m3: 0"), "utf-8")
    assert main(["districts", "check", str(file), "--json"]) == 78
    answer = json.loads(capsys.readouterr().out)
    assert answer["sound"] is False
    assert [m["path"] for m in answer["mistakes"]] == ["units[7].volume_m3"]


@pytest.mark.parametrize("command", ["list", "show", "check", "plot", "schema"])
def test_every_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["districts", command, "--help"]) == 0
    assert "Example: heatrouter districts" in " ".join(capsys.readouterr().out.split())


def test_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["districts", "list"]) == 0
    assert "energy-web" in capsys.readouterr().out
    assert main(["districts", "show", "energy-web", "--sources"]) == 0
    assert "Vanthoor" in capsys.readouterr().out
    assert main(["districts", "show", "energy-web", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    digest = shown.pop("digest")
    assert District.model_validate(shown).digest == digest


def test_wrong_usage_leaves_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["districts", "check"]) == 2
    assert main(["districts", "plot", "energy-web", "--out", str(tmp_path / "map.txt")]) == 2
    assert ".png" in capsys.readouterr().err
