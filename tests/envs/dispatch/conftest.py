"""Plans of the energy-web preset with pinned figures: with its engine, and without."""

import pytest

from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import (
    DispatchPlan,
)
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task


@pytest.fixture(scope="module")
def whole() -> District:
    """The preset with the figures pinned that the expectations below restate."""
    preset = load_district("energy-web")
    grid = preset.grid.model_copy(
        update={"electricity_fee_eur_per_mwh": 60.0, "gas_fee_eur_per_mwh": 8.0}
    )
    pinned: dict[str, dict[str, float]] = {
        "glassworks": {"heat_price_eur_per_mwh": 5.0, "sink_power_ratio": 0.0},
        "dairy": {"heat_price_eur_per_mwh": 3.0, "sink_power_ratio": 0.02},
        "fab_heat_pump": {"capacity_kw": 2400.0, "lorenz_efficiency": 0.5, "min_load": 0.3},
        "gas_boiler": {"capacity_kw": 11000.0},
        "gas_engine": {
            "capacity_kw": 1200.0,
            "thermal_efficiency": 0.45,
            "electric_efficiency": 0.42,
            "min_load": 0.5,
        },
    }
    units = tuple(u.model_copy(update=pinned.get(u.name, {})) for u in preset.units)
    return preset.model_copy(update={"grid": grid, "units": units})


@pytest.fixture(scope="module")
def district(whole: District) -> District:
    """Without its engine: what sources, heat pump and boilers do among themselves."""
    units = tuple(u for u in whole.units if u.kind != "chp")
    return whole.model_copy(update={"units": units})


@pytest.fixture(scope="module")
def with_engine(whole: District) -> DispatchPlan:
    return DispatchPlan.from_district(whole, build_contract(whole, load_task("energy-web")))


@pytest.fixture(scope="module")
def engine_contract(whole: District) -> Contract:
    return build_contract(whole, load_task("energy-web"))


@pytest.fixture(scope="module")
def contract(district: District) -> Contract:
    return build_contract(district, load_task("energy-web"))


@pytest.fixture(scope="module")
def plan(district: District, contract: Contract) -> DispatchPlan:
    return DispatchPlan.from_district(district, contract)


@pytest.fixture(scope="module")
def two_circuits(district: District) -> District:
    """The same units, with fab and greenhouse in a circuit of their own without a store."""
    main = district.circuits[0]
    apart = ("fab_park", "greenhouse_field")
    return district.model_copy(
        update={
            "circuits": (
                main.model_copy(
                    update={"locations": tuple(n for n in main.locations if n not in apart)}
                ),
                main.model_copy(update={"name": "fab", "root": "fab_park", "locations": apart}),
            )
        }
    )
