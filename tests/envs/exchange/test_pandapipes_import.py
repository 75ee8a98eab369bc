"""pandapipes networks become districts that are what the file says, or a list of mistakes."""

import math
from pathlib import Path
from typing import Any

import pytest
from tests.envs.exchange.pandapipes_files import Tables, pipe, ring, written

from heatrouter.envs.components.pipe_loss import BuriedPipe, single_conductance
from heatrouter.envs.errors import DistrictError
from heatrouter.envs.exchange.assembly import Choices, Imported
from heatrouter.envs.exchange.importing import import_source
from heatrouter.envs.exchange.pipe_catalogue import burial_depth_m, with_heat_loss
from heatrouter.envs.spec.consumer_units import Substation
from heatrouter.envs.spec.plant_units import Boiler


def imported(tables: Tables, folder: Path, **choices: Any) -> Imported:
    file = folder / "net.json"
    file.write_text(written(tables), encoding="utf-8")
    return import_source(str(file), Choices(**choices))


def refused(tables: Tables, folder: Path) -> list[str]:
    with pytest.raises(DistrictError) as caught:
        imported(tables, folder)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_lengths_sizes_and_consumers_are_those_of_the_file(tmp_path: Path) -> None:
    made = imported(ring(), tmp_path)
    district = made.district
    lengths = {frozenset((p.from_location, p.to_location)): p.length_m for p in district.pipes}
    assert lengths[frozenset(("j2", "j3"))] == 70.0
    assert sum(lengths.values()) == 495.0
    assert len(made.return_nodes) == 7
    assert all(back is not None for _, back in made.pipe_paths.values())
    (series,) = district.pipe_series
    assert series.inner_diameter_m == 0.1071
    houses = [u for u in district.units if isinstance(u, Substation)]
    assert {(u.name, u.location, u.space_heat_design_kw) for u in houses} == {
        ("nord", "j5", 100.0),
        ("sued", "j6", 150.0),
    }
    design = houses[0].space_heat_exchanger
    assert design.primary_supply_c - design.primary_return_c == pytest.approx(30.0)
    (circuit,) = district.circuits
    assert (circuit.root, circuit.balancing) == ("j0", ("plant",))


def test_the_boiler_at_the_root_covers_demand_and_loss(tmp_path: Path) -> None:
    (boiler,) = (u for u in imported(ring(), tmp_path).district.units if isinstance(u, Boiler))
    assert 250.0 < boiler.capacity_kw < 320.0


@pytest.mark.parametrize("diameter_m", [0.02, 0.1071, 0.8])
@pytest.mark.parametrize("u", [0.3, 1.0, 2.5])
def test_insulation_gives_the_heat_loss_of_the_file(diameter_m: float, u: float) -> None:
    kind, reached = with_heat_loss(diameter_m, 0.05, u)
    pipe = BuriedPipe(
        inner_diameter_m=diameter_m,
        wall_thickness_m=kind.wall_thickness_m,
        casing_diameter_m=kind.casing_diameter_m,
        wall_conductivity_w_mk=50.0,
        insulation_conductivity_w_mk=kind.insulation_conductivity_w_mk,
        soil_conductivity_w_mk=1.5,
        burial_depth_m=burial_depth_m(kind.casing_diameter_m),
    )
    per_m = single_conductance(pipe).to_ground
    assert per_m == pytest.approx(reached * math.pi * diameter_m, rel=1e-6)
    if (diameter_m, u) not in {(0.02, 0.3), (0.8, 2.5)}:  # those no insulation can do
        assert reached == pytest.approx(u, rel=1e-5)


def test_losses_out_of_reach_are_told(tmp_path: Path) -> None:
    tables = ring()
    for row in tables["pipe"]:
        row["u_w_per_m2k"] = 60.0
    report = imported(tables, tmp_path).report
    assert any("out of reach" in line for line in report.lines("look at"))


def test_valves_and_pipes_without_length_join(tmp_path: Path) -> None:
    tables = ring()
    tables["junction"] += [{"index": 20, "name": "v"}, {"index": 21, "name": "w"}]
    tables["pipe"] += [pipe(21, 7, 40.0)]
    tables["junction"] += [{"index": 7, "name": "far"}]
    tables["pipe"] += [pipe(20, 21, 0.0)]
    tables["valve"] = [
        {"junction": 4, "element": 20, "et": "ju", "opened": True, "loss_coefficient": 0.0}
    ]
    district = imported(tables, tmp_path).district
    assert {p.length_m for p in district.pipes if "far" in {p.from_location, p.to_location}} == {
        40.0
    }
    tables["valve"][0]["opened"] = False
    assert "far" not in {p.name for p in imported(tables, tmp_path).district.locations}


def test_supply_alone_is_mirrored(tmp_path: Path) -> None:
    """An external grid and sinks: no return in the file."""
    tables = ring()
    tables["junction"] = [row for row in tables["junction"] if row["index"] < 10]
    tables["pipe"] = [row for row in tables["pipe"] if row["from_junction"] < 10]
    del tables["circ_pump_pressure"], tables["heat_consumer"]
    tables["ext_grid"] = [{"junction": 0, "p_bar": 5.0, "t_k": 353.15, "name": "grid"}]
    tables["sink"] = [{"junction": 5, "mdot_kg_per_s": 0.5}, {"junction": 6, "mdot_kg_per_s": 1.0}]
    made = imported(tables, tmp_path)
    assert len(made.district.pipes) == 7
    assert any("mirrors the supply" in line for line in made.report.lines("assumed"))
    heat = sorted(u.space_heat_design_kw for u in made.district.units if isinstance(u, Substation))
    assert heat == pytest.approx([0.5 * 4.19 * 30.0, 4.19 * 30.0])


@pytest.mark.parametrize(
    ("given", "kw", "span"),
    [
        ({"qext_w": 90e3, "controlled_mdot_kg_per_s": 1.0}, 90.0, 90.0 / 4.19),
        ({"controlled_mdot_kg_per_s": 1.0, "deltat_k": 25.0}, 4.19 * 25.0, 25.0),
        ({"qext_w": 90e3, "treturn_k": 318.15}, 90.0, 35.0),
        ({"controlled_mdot_kg_per_s": 2.0, "treturn_k": 313.15}, 2.0 * 4.19 * 40.0, 40.0),
    ],
)
def test_two_of_heat_flow_spread_and_return_give_the_rest(
    given: dict[str, float], kw: float, span: float, tmp_path: Path
) -> None:
    tables = ring()
    tables["heat_consumer"] = [
        {"name": "x", "from_junction": at, "to_junction": at + 10, **given} for at in (5, 6)
    ]
    for unit in imported(tables, tmp_path).district.units:
        if isinstance(unit, Substation):
            design = unit.space_heat_exchanger
            assert unit.space_heat_design_kw == pytest.approx(kw, rel=1e-4)
            assert design.primary_supply_c - design.primary_return_c == pytest.approx(
                span, abs=1e-2
            )


def test_a_second_pump_is_a_boiler_with_its_flow(tmp_path: Path) -> None:
    tables = ring()
    tables["circ_pump_mass"] = [
        {"name": "East", "flow_junction": 3, "return_junction": 13,
         "mdot_flow_kg_per_s": 0.5, "t_flow_k": 353.15}
    ]  # fmt: skip
    district = imported(tables, tmp_path).district
    east = district.unit("east")
    assert isinstance(east, Boiler)
    assert east.capacity_kw == pytest.approx(0.5 * 4.19 * 30.0, rel=1e-4)
    assert district.circuits[0].balancing == ("plant",)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    tables = ring()
    tables["pipe"][0]["length_km"] = -1.0
    tables["pipe"][1]["to_junction"] = 99
    tables["heat_consumer"][0]["deltat_k"] = None
    found = refused(tables, tmp_path)
    assert [line.split(":")[0] for line in found] == [
        "pipe[0].length_km", "pipe[1].to_junction", "heat_consumer[0]",
    ]  # fmt: skip


def test_a_bypass_between_the_lines_is_a_mistake(tmp_path: Path) -> None:
    tables = ring()
    tables["pipe"].append(pipe(3, 13, 5.0))
    assert any("take out the bypass" in line for line in refused(tables, tmp_path))


def test_cold_networks_are_refused(tmp_path: Path) -> None:
    tables = ring()
    tables["circ_pump_pressure"][0]["t_flow_k"] = 293.15
    assert any("substations need" in line for line in refused(tables, tmp_path))


def test_nothing_that_heats_is_a_mistake(tmp_path: Path) -> None:
    tables = ring()
    tables["circ_pump_pressure"][0]["in_service"] = False
    assert any("nothing heats it" in line for line in refused(tables, tmp_path))


def test_choices_go_before_guesses(tmp_path: Path) -> None:
    chosen = {"name": "elsewhere", "region": 3, "timezone": "Europe/Oslo", "design_temp_c": -20.0}
    made = imported(ring(), tmp_path, **chosen)
    site = made.district.site
    assert made.district.name == "elsewhere"
    assert (site.test_reference_region, site.timezone) == (3, "Europe/Oslo")
    assert site.design_temp_c == -20.0
    assert not any("time zone" in line for line in made.report.lines("assumed"))


def test_classes_that_a_file_names_are_not_made(tmp_path: Path) -> None:
    """`pandapipes.from_json` imports any module that a file names."""
    text = written(ring()).replace("pandas.core.frame", "no.such.module")
    file = tmp_path / "net.json"
    file.write_text(text, encoding="utf-8")
    assert len(import_source(str(file), Choices()).district.pipes) == 7
