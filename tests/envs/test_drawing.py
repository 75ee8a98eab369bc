"""Drawings: of the right size, with what happens in them, and without touching pyplot."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.envs.expected_columns import expected_columns
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.envs.cli import main
from heatrouter.envs.design_day import consumers
from heatrouter.envs.drawing import draw_district, to_rgb_array
from heatrouter.envs.drawing.canvas import SYMBOLS, places_px
from heatrouter.envs.drawing.courses import load_mw
from heatrouter.envs.drawing.layout import Box, Layout
from heatrouter.envs.drawing.margins import margin_boxes
from heatrouter.envs.drawing.state import pipe_picture
from heatrouter.envs.drawing.units import label_boxes
from heatrouter.envs.spec.design_load import design_heat_kw
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, preset_names
from heatrouter.envs.spec.plant_units import Producer


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture
def outputs(district: District) -> dict[str, float]:
    """A plausible winter morning, by hand."""
    values: dict[str, float] = {
        "site.ambient_temp_c": -3.0,
        "site.electricity_eur_per_mwh": 143.0,
        "site.gas_eur_per_mwh": 41.0,
        "site.local_hour": 7.75,
        "site.weekday": 0.0,
        "site.day_of_year": 15.0,
        "main.supply_temp_c": 84.0,
    }
    columns = ("heat_kw", "mass_flow_kg_s", "charge_kw", "level", "cop", "unmet_kw", "available_kw")
    for unit in district.units:
        values.update({f"{unit.name}.{column}": 0.0 for column in columns})
    for consumer in consumers(district):
        heat_kw = 0.5 * design_heat_kw(district, consumer)
        values[f"{consumer.name}.heat_kw"] = heat_kw
        values[f"{consumer.name}.mass_flow_kg_s"] = heat_kw / (4.19 * 40.0)
        values[f"{consumer.name}.supply_temp_c"] = 81.0
    values.update(
        {
            "glassworks.heat_kw": 1500.0,
            "glassworks.available_kw": 2000.0,
            "gas_boiler.heat_kw": 5500.0,
            "glassworks.mass_flow_kg_s": 9.0,
            "glassworks.outlet_temp_c": 88.0,
            "fab_heat_pump.outlet_temp_c": 80.0,
            "greenhouse.air_temp_c": 18.7,
        }
    )
    return values


def texts(district: District, outputs: dict[str, float] | None) -> list[str]:
    figure = draw_district(district, outputs)
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_drawn(name: str) -> None:
    pixels = to_rgb_array(draw_district(load_district(name)))
    assert pixels.shape == (600, 900, 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 5.0, "something is drawn"


def test_live_picture_says_what_happens(district: District, outputs: dict[str, float]) -> None:
    shown = texts(district, outputs)
    assert "day 15, Mon 07:45" in shown
    assert any("outdoors -3.0 °C" in text for text in shown)
    assert "1.50 MW  75%" in shown, "of what the glass works offers"
    assert "5.50 MW  50%" in shown, "of the boiler's capacity"
    assert "greenhouse 18.7 °C" in shown
    assert "off" in shown
    outputs["town_garden.unmet_kw"] = 120.0
    assert "120 kW short" in texts(district, outputs)


def test_pictures_are_reproducible(district: District, outputs: dict[str, float]) -> None:
    first, second = (to_rgb_array(draw_district(district, outputs)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    outputs["main.supply_temp_c"] = 70.0
    assert (to_rgb_array(draw_district(district, outputs)) != first).any()


def test_labels_keep_clear_of_each_other(district: District) -> None:
    boxes = list(label_boxes(district).values())
    assert len(boxes) == sum(unit.kind in SYMBOLS for unit in district.units)
    for i, box in enumerate(boxes):
        assert box.width / 2.0 <= box.x <= 900.0 - box.width / 2.0
        assert all(box.overlap(other) == 0.0 for other in boxes[:i])


def test_labels_of_a_dense_map_stand_beside_it() -> None:
    district = load_district("city-mesh")
    boxes = label_boxes(district)
    places = places_px(district)
    producers = [unit for unit in district.units if isinstance(unit, Producer)]
    assert {unit.name for unit in producers} <= set(boxes)
    placed = list(boxes.values())
    for i, box in enumerate(placed):
        assert all(box.overlap(other) == 0.0 for other in placed[:i])
        assert not any(
            abs(x - box.x) < box.width / 2.0 and abs(y - box.y) < box.height / 2.0
            for x, y in places.values()
        )


def test_too_many_labels_for_the_margins() -> None:
    many = {str(i): ((100.0 + i, 300.0), 80.0, 30.0) for i in range(40)}
    assert margin_boxes(many, 900.0, (100.0, 540.0)) is None
    few = {name: many[name] for name in list(many)[:6]}
    boxes = margin_boxes(few, 900.0, (100.0, 540.0))
    assert boxes is not None
    assert sorted(boxes) == sorted(few)


def test_layout_avoids_what_is_taken() -> None:
    layout = Layout(400.0, 300.0, 0.0, [(0.0, 150.0, 400.0, 150.0)])
    boxes = [layout.place((200.0, 150.0), 80.0, 25.0) for _ in range(4)]
    for i, box in enumerate(boxes):
        assert all(box.overlap(other) == 0.0 for other in boxes[:i])
        assert abs(box.y - 150.0) > box.height / 2.0, "clear of the pipe"
    assert Box(0.0, 0.0, 2.0, 2.0).overlap(Box(1.0, 1.0, 2.0, 2.0)) == 1.0


def test_load_counts_what_an_exchanger_hands_on_once() -> None:
    district = SMALL_DISTRICTS["two_circuits_with_exchanger"]()
    columns = {"trunk.load_kw": 0, "town.load_kw": 1, "transfer.heat_kw": 2}
    rows = np.array([[900.0, 600.0, 400.0], [300.0, 0.0, 0.0]])
    np.testing.assert_allclose(load_mw(district, columns, rows), [1.1, 0.3])


def test_pipe_temperatures_mix(district: District, outputs: dict[str, float]) -> None:
    picture = pipe_picture(district, outputs)
    names = [p.name for p in district.pipes]
    assert np.isfinite(picture.supply_temp_c).all()
    assert picture.supply_temp_c.min() >= 80.0
    assert picture.supply_temp_c.max() <= 88.0
    # The glassworks stands at the start of its branch: nothing flows to it.
    assert picture.mass_flow_kg_s[names.index("glass_branch")] == pytest.approx(9.0, abs=1e-3)
    assert np.isnan(pipe_picture(district, None).supply_temp_c).all()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_plot_writes_a_file(ending: str, tmp_path: Path) -> None:
    out = tmp_path / "maps" / f"map.{ending}"
    assert main(["districts", "plot", "energy-web", "--out", str(out)]) == 0
    assert out.stat().st_size > 5_000


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = (
        "import sys\n"
        "import heatrouter.envs.drawing, heatrouter.envs.cli_districts\n"
        "assert 'matplotlib' not in sys.modules and 'numba' not in sys.modules\n"
        "from heatrouter.envs.spec.loading import load_district\n"
        "heatrouter.envs.drawing.draw_district(load_district('energy-web'))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_every_kind_of_unit_can_be_drawn(name: str) -> None:
    district = SMALL_DISTRICTS[name]()
    outputs = dict.fromkeys(expected_columns(district), 1.0)
    for circuit in district.circuits:
        outputs[f"{circuit.name}.supply_temp_c"] = circuit.supply_temp_max_c
    still, live = draw_district(district), draw_district(district, outputs)
    for figure in (still, live):
        assert to_rgb_array(figure).std() > 5.0
    shown = [text.get_text() for text in still.axes[0].texts]
    for unit in district.units:
        assert unit.kind == "cooling_load" or unit.name.replace("_", " ") in shown
    if len(district.circuits) > 1:
        assert {c.name for c in district.circuits} <= set(shown)
    assert np.isfinite(pipe_picture(district, outputs).supply_temp_c).all()
