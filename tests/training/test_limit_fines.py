"""What training pays for leaving limits, and for coming near them."""

import numpy as np
import pytest

from heatrouter.agents.evaluation_limits import limits_of
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.config_fines import Fine
from heatrouter.training.constraint_signals import missing_kinds
from heatrouter.training.limit_fines import LimitFines

DT_S = 900.0


def columns_of(kind: str) -> tuple[dict[str, int], list[tuple[str, float, float]]]:
    """Columns of all limits, and column, bound and tolerance of those of a kind."""
    limits = limits_of(load_district("energy-web"))
    names = {limit.column for limit in limits} | {limit.relative_to for limit in limits}
    columns = {str(name): i for i, name in enumerate(sorted(map(str, names)))}
    return columns, [(x.column, x.bound, x.tolerance) for x in limits if x.kind == kind]


def fined(fine: Fine, distance: float) -> float:
    """Fine of a step in which one limit of the kind lies so far outside, the others far inside."""
    columns, limits = columns_of(fine.kind)
    side = -1.0 if fine.kind in ("pressure", "hot water") else 1.0
    outputs = np.zeros((1, len(columns)))
    for column, bound, _ in limits:
        outputs[0, columns[column]] = bound - side * 50.0
    column, bound, _ = limits[0]
    outputs[0, columns[column]] = bound + side * distance
    read = LimitFines(load_district("energy-web"), [fine], columns, DT_S)
    (value,) = read(outputs).values()
    return float(value[0])


@pytest.mark.parametrize("kind", ["pressure", "hot water", "overheating"])
def test_a_fine_rises_from_the_margin_to_the_end_of_the_tolerance(kind: str) -> None:
    tolerance = columns_of(kind)[1][0][2]
    fine = Fine.model_validate({"kind": kind, "eur_per_h": 400.0, "margin": 0.1})
    assert fined(fine, -0.11) == 0.0
    assert fined(fine, -0.1 + 0.5 * (0.1 + tolerance)) == pytest.approx(50.0)
    assert fined(fine, tolerance) == pytest.approx(100.0)
    assert fined(fine, 5.0) == pytest.approx(100.0)


def test_without_a_margin_or_tolerance_a_fine_is_all_or_nothing() -> None:
    fine = Fine(kind="unmet heat", eur_per_h=80.0)
    assert fined(fine, -0.01) == 0.0
    assert fined(fine, 0.01) == pytest.approx(20.0)


def test_a_step_of_the_simulator_is_fined_as_it_is_judged() -> None:
    """Where a judgement counts a limit as left, its fine is paid in full."""
    district, task = load_district("kalundborg"), load_task("kalundborg")
    library = build_library(district, "train", 1, 1)
    batch = DistrictBatch(district, task, library, num_envs=2, seed=3)
    batch.reset_to(np.zeros(2, dtype=np.int64), np.array([0, 96]))  # in January
    # As cold a supply as may be asked for: the pumps cannot move what the town takes.
    action = np.tile([channel.low for channel in batch.contract.action], (2, 1))
    fines = [Fine(kind="pressure", eur_per_h=40.0), Fine(kind="hot water", eur_per_h=40.0)]
    read = LimitFines(district, fines, batch.columns, DT_S)
    limits = [limit for limit in limits_of(district) if limit.kind in ("pressure", "hot water")]
    broken = 0
    for _ in range(48):
        outputs = batch.step(action).outputs
        masks = [limit.distance(outputs, batch.columns, DT_S)[1] for limit in limits]
        outside = np.sum(masks, axis=0)
        paid = np.sum(list(read(outputs).values()), axis=0)
        assert (paid >= 10.0 * outside - 1e-9).all()
        assert (paid <= 10.0 * len(limits)).all()
        broken += int(np.sum(outside))
    assert broken > 0


def test_fines_on_limits_that_a_district_does_not_have_are_refused() -> None:
    found = missing_kinds(load_district("kalundborg"), ["pressure", "crop"], "fines")
    assert [mistake.path for mistake in found] == ["fines[1].kind"]
