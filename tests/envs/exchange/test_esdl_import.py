"""ESDL files become districts that are what the file says, or a list of mistakes."""

import math
from pathlib import Path

import pytest
from tests.envs.exchange.esdl_files import EsdlFile, coupled, ends, town, two_ports

from heatrouter.envs.design_day import recoverable_kw
from heatrouter.envs.errors import DistrictError
from heatrouter.envs.exchange.assembly import Choices, Imported
from heatrouter.envs.exchange.importing import import_source
from heatrouter.envs.spec.consumer_units import ProcessHeat, Substation
from heatrouter.envs.spec.plant_units import Boiler, HeatExchanger, HeatPump, Store, WasteHeatSource


def imported(file: EsdlFile | str, folder: Path) -> Imported:
    path = folder / "town.esdl"
    path.write_text(file if isinstance(file, str) else file.text(), encoding="utf-8")
    return import_source(str(path), Choices())


def refused(file: EsdlFile | str, folder: Path) -> str:
    with pytest.raises(DistrictError) as caught:
        imported(file, folder)
    assert caught.value.mistakes
    return str(caught.value)


def test_a_town(tmp_path: Path) -> None:
    made = imported(town(), tmp_path)
    district = made.district
    assert sorted(p.length_m for p in district.pipes) == [60.0, 80.0, 120.0, 200.0]
    assert all(back is not None for _, back in made.pipe_paths.values())
    houses = {u.name: u.space_heat_design_kw for u in district.units if isinstance(u, Substation)}
    assert houses == {"house_a": 500.0, "house_b": 300.0}
    sizes = {s.name: (s.inner_diameter_m, s.casing_diameter_m) for s in district.pipe_series}
    assert sizes == {"dn100": (0.1071, 0.2), "dn150": (0.1603, 0.25)}
    (circuit,) = district.circuits
    assert circuit.root == "mill"
    assert circuit.balancing == ("backup_boiler",)
    assert (circuit.supply_temp_min_c, circuit.supply_temp_max_c) == (65.0, 85.0)


def test_a_source_gives_its_power_at_the_design_point(tmp_path: Path) -> None:
    mill = imported(town(), tmp_path).district.unit("mill")
    assert isinstance(mill, WasteHeatSource)
    at_design = mill.model_copy(update={"max_mass_flow_kg_s": 800.0 / (4.19 * 40.0)})
    assert recoverable_kw(at_design, 40.0) == pytest.approx(800.0, rel=1e-3)


def test_a_tank_holds_what_the_file_says(tmp_path: Path) -> None:
    tank = imported(town(), tmp_path).district.unit("tank")
    assert isinstance(tank, Store)
    kwh = tank.volume_m3 * 983.0 * 4.19 * (tank.full_temp_c - tank.empty_temp_c) / 3600.0
    assert kwh == pytest.approx(1000.0, rel=1e-4)
    assert tank.max_mass_flow_kg_s == pytest.approx(200.0 / (4.19 * 40.0), rel=1e-3)


def test_a_tank_the_other_way_round_is_turned(tmp_path: Path) -> None:
    text = town().text()
    turned = text.replace('esdl:InPort" id="Tank.In"', 'esdl:OutPort" id="Tank.In"')
    turned = turned.replace('esdl:OutPort" id="Tank.Out"', 'esdl:InPort" id="Tank.Out"')
    made, straight = imported(turned, tmp_path), imported(text, tmp_path)
    assert made.district.unit("tank") == straight.district.unit("tank")
    assert any("turned" in line for line in made.report.lines("look at"))


def test_an_exchanger_joins_two_circuits(tmp_path: Path) -> None:
    district = imported(coupled(heatTransferCoefficient=50e3), tmp_path).district
    link = district.unit("link")
    assert isinstance(link, HeatExchanger)
    mean_k = (20.0 - 10.0) / math.log(20.0 / 10.0)
    assert link.capacity_kw == pytest.approx(50.0 * mean_k, rel=1e-4)
    first, second = district.circuits
    assert link.primary_location in first.locations
    assert (second.root, second.balancing[0]) == (link.location, "link")
    assert second.supply_temp_max_c == 75.0


def test_a_heat_pump_between_circuits_keeps_its_cop(tmp_path: Path) -> None:
    district = imported(coupled("HeatPump", power=1e6, COP=3.5), tmp_path).district
    pump = district.unit("link")
    assert isinstance(pump, HeatPump)
    assert (pump.capacity_kw, pump.max_cop, pump.source_spread_k) == (1000.0, 3.5, 30.0)
    assert pump.source_location in district.circuits[0].locations


def test_a_heat_pump_with_two_ports_takes_air(tmp_path: Path) -> None:
    file = town()
    file.assets = [a.replace("ResidualHeatSource", "HeatPump") for a in file.assets]
    pump = imported(file, tmp_path).district.unit("mill")
    assert isinstance(pump, HeatPump)
    assert pump.source_medium == "air"


@pytest.mark.parametrize(
    ("kind", "fuel"), [("GasHeater", "gas"), ("ElectricBoiler", "electricity"),
                       ("BiomassHeater", "wood"), ("HeatProducer", "gas")]
)  # fmt: skip
def test_heaters_are_boilers(kind: str, fuel: str, tmp_path: Path) -> None:
    file = town()
    file.assets = [a.replace("ResidualHeatSource", kind) for a in file.assets]
    boiler = imported(file, tmp_path).district.unit("mill")
    assert isinstance(boiler, Boiler)
    assert (boiler.fuel, boiler.capacity_kw) == (fuel, 800.0)


def test_a_demand_of_one_value_is_process_heat(tmp_path: Path) -> None:
    file = town()
    profile = (
        '<profile xsi:type="esdl:SingleValue" value="0.4"><profileQuantityAndUnit '
        'xsi:type="esdl:QuantityAndUnitType" multiplier="MEGA" unit="WATT"/></profile></port>'
    )
    house = next(i for i, a in enumerate(file.assets) if "House B" in a)
    asset = file.assets[house]
    at = asset.index("/>", asset.index('name="In"'))
    file.assets[house] = f"{asset[:at]}>{profile}{asset[at + 2 :]}"
    unit = imported(file, tmp_path).district.unit("house_b")
    assert isinstance(unit, ProcessHeat)
    assert (unit.base_kw, unit.weather_kw_k) == (400.0, 0.0)


def test_materials_are_wall_and_insulation(tmp_path: Path) -> None:
    layers = "".join(
        f'<component layerWidth="{w}"><matter thermalConductivity="{k}" name="x"/></component>'
        for w, k in ((0.004, 52.0), (0.03, 0.025), (0.003, 0.4))
    )
    text = town().text()
    at = text.index("<port", text.index('id="P2"'))
    text = f"{text[:at]}<material>{layers}</material>{text[at:]}".replace(
        'id="P2"', 'id="P2" innerDiameter="0.1"', 1
    )
    district = imported(text, tmp_path).district
    series = {p.name: p.series for p in district.pipes}["p2"]
    kind = next(s for s in district.pipe_series if s.name == series)
    assert (kind.wall_thickness_m, kind.casing_diameter_m) == (0.004, 0.174)
    resistance = math.log(0.168 / 0.108) / 0.025 + math.log(0.174 / 0.168) / 0.4
    assert kind.insulation_conductivity_w_mk == pytest.approx(
        math.log(0.174 / 0.108) / resistance, rel=1e-4
    )


def test_lengths_that_differ_take_their_mean(tmp_path: Path) -> None:
    text = town().text()
    at = text.index('id="P3_ret"')
    text = text[:at] + text[at:].replace('length="80.0"', 'length="90.0"', 1)
    made = imported(text, tmp_path)
    assert 85.0 in {p.length_m for p in made.district.pipes}
    assert any("unequal length" in line for line in made.report.lines("assumed"))


def test_without_a_return_line_the_supply_is_mirrored(tmp_path: Path) -> None:
    file = town()
    file.assets = [a for a in file.assets if "_ret" not in a.split(">")[0]]
    for key in [*file.links]:
        file.links[key] = [other for other in file.links[key] if "_ret" not in other]
    text = file.text()
    for name, port in (("Mill", "In"), ("House A", "Out"), ("House B", "Out"), ("Tank", "Out")):
        start = text.index(f'id="{name}.{port}"')
        head = text.rindex("<port", 0, start)
        text = text[:head] + text[text.index("/>", start) + 2 :]
    made = imported(text, tmp_path)
    assert len(made.district.pipes) == 4
    assert any("mirrors the supply" in line for line in made.report.lines("assumed"))


def test_disabled_assets_are_dropped_and_optional_ones_told(tmp_path: Path) -> None:
    text = town().text().replace('id="Tank"', 'id="Tank" state="DISABLED"')
    made = imported(text.replace('id="Mill"', 'id="Mill" state="OPTIONAL"'), tmp_path)
    assert "tank" not in {u.name for u in made.district.units}
    assert any("disabled" in line for line in made.report.lines("dropped"))
    assert any("optional" in line for line in made.report.lines("look at"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('power="500000.0"', 'power="much"'), "'much' is no number"),
        (('power="500000.0"', ""), "has no power"),
        (('diameter="DN150"', 'diameter="DN151"'), "is no nominal diameter"),
        (('supplyTemperature="80.0"', 'supplyTemperature="30.0"'), "substations need"),
        (('returnTemperature="40.0"', 'returnTemperature="90.0"'), "must be below its supply"),
        (("<esdl:EnergySystem", "<!DOCTYPE x []><esdl:EnergySystem"), "document type"),
        (("esdl:EnergySystem", "esdl:Other"), "its root must be EnergySystem"),
        (("</instance>", ""), "is no ESDL"),
    ],
)
def test_mistakes_say_what_is_wrong(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    assert message in refused(town().text().replace(*change), tmp_path)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = town().text().replace('diameter="DN150"', 'diameter="DN7"')
    text = text.replace('power="300000.0"', 'power="-3"')
    found = refused(text, tmp_path)
    assert "Pipe 'P1'" in found
    assert "HeatingDemand 'House B'.power" in found


def test_what_nothing_heats_is_named(tmp_path: Path) -> None:
    file = EsdlFile()
    file.asset("HeatingDemand", "House", two_ports(takes=True), power=1e5)
    file.asset("HeatingDemand", "Barn", two_ports(takes=True), power=1e5)
    file.pipe_pair("P", ends("House", takes=True), ends("Barn", takes=True))
    assert "nothing heats the circuit of 'House'" in refused(file, tmp_path)


def test_unknown_assets_are_dropped_by_name(tmp_path: Path) -> None:
    text = town().text().replace("esdl:HeatStorage", "esdl:Electrolyzer")
    report = imported(text, tmp_path).report
    assert any("Electrolyzer" in line for line in report.lines("dropped"))
