"""What a shipped policy does in other markets: savings on validation years, unknown prices, swings.

Savings are those of validation years (no judging data) as they are, with gas at a quarter, and with
any tariffs. With ``--data`` also how often the monitor calls prices unknown on measured years.

Example: python benchmarks/other_markets.py tomato-piesteritz --data DATA
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.evaluation import evaluate
from heatrouter.agents.evaluation_controllers import ControllerSettings, make_entrants
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.agents.monitor import MARKET, PHYSICAL, MonitorScorer
from heatrouter.agents.protocol import Controller
from heatrouter.agents.rollout import StepLike, rollout
from heatrouter.agents.shipped_bundles import shipped_bundle
from heatrouter.deploy.swing_watch import FAR_SHARE, SWINGS
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.scenarios.varied_tariffs import vary_tariffs
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.tariff_variety import TariffVariety

CHEAP: Final = TariffVariety(
    share=1.0,
    gas=(0.15, 0.35),
    co2=(0.2, 0.5),
    electricity=(0.8, 1.3),
    swing=(0.6, 1.5),
    carbon=(0.4, 0.8),
)
YEARS: Final = ("de-2023", "dk-2018", "dk-2020")
WEEKS: Final = 24
YEAR_WEEKS: Final = 48
HOURS: Final = 168.0


def savings(district: District, bundle: Path) -> None:
    """Print what the policy saves against the rules on validation weeks."""
    plain = build_library(district, "validation", 8, 3)
    libraries = {
        "as generated": plain,
        "gas at a quarter": vary_tariffs(plain, CHEAP, 5),
        "any tariffs": vary_tariffs(plain, TariffVariety(share=1.0), 5),
    }
    task = load_task(district.name)
    entrants = make_entrants(("rules", "policy"), ControllerSettings(district, bundle))
    for name, library in libraries.items():
        weeks = draw_weeks(library, WEEKS, seed=11, hours=HOURS)
        question = Question(
            district=district, task=task, library=library, weeks=weeks, hours=HOURS, seed=0
        )
        found, _ = evaluate(question, entrants)
        saving = found.comparisons[0].saving_percent
        assert saving is not None, "both controllers got through"
        print(
            f"{name}: saves {saving.estimate:.1f} % ({saving.low:.1f} to {saving.high:.1f}), "
            f"cheaper in {found.comparisons[0].weeks_improved} of {WEEKS} weeks"
        )


def unknown(district: District, bundle: Path, library: ScenarioLibrary) -> dict[str, float]:
    """Share of control steps in which the monitor knows prices, or weather and plant, no more."""
    loaded = load_bundle(bundle, district)
    entrant = make_entrants(("policy",), ControllerSettings(district, bundle))["policy"]
    task = entrant.decodes(load_task(district.name))
    steps = round(HOURS * 3600.0 / task.control_dt_s)
    longer = task.model_copy(update={"episode_hours": HOURS + task.control_dt_s / 3600.0})
    batch = DistrictBatch(district, longer, library, num_envs=YEAR_WEEKS, seed=0)
    assert loaded.monitor is not None, "a shipped bundle has a monitor"
    scorer = MonitorScorer(loaded.monitor, batch.contract)
    members = {"prices": scorer.members(MARKET), "weather or plant": scorer.members(PHYSICAL)}
    counts = dict.fromkeys(members, 0)

    def look(_: int, step: StepLike) -> None:
        ratio = scorer.novelty_of(step.observation.astype(np.float64))
        for name, which in members.items():
            counts[name] += int((ratio[:, which] > 1.0).any(axis=1).sum())

    weeks = draw_weeks(library, YEAR_WEEKS, seed=0, hours=HOURS)
    rollout(batch, entrant.controller, steps, starts=starts(weeks), columns=(), on_step=look)
    return {name: count / (steps * YEAR_WEEKS) for name, count in counts.items()}


class Recorded:
    """A controller whose actions are kept."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.name = controller.name
        self.parametrisation: Parametrisation = controller.parametrisation
        self.actions: list[FloatArray] = []

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Begin with it."""
        self._controller.reset(contract, num_envs)

    def act(self, observation: Float32Array) -> FloatArray:
        """Act as it does."""
        self.actions.append(np.array(self._controller.act(observation)))
        return self.actions[-1]


def swings(district: District, bundle: Path) -> None:
    """Print how often actions cross half of their range, and how often four times in a row."""
    entrant = make_entrants(("policy",), ControllerSettings(district, bundle))["policy"]
    task = entrant.decodes(load_task(district.name))
    steps = round(HOURS * 3600.0 / task.control_dt_s)
    longer = task.model_copy(update={"episode_hours": HOURS + task.control_dt_s / 3600.0})
    library = build_library(district, "test", 16)
    batch = DistrictBatch(district, longer, library, num_envs=YEAR_WEEKS, seed=0)
    recorded = Recorded(entrant.controller)
    weeks = draw_weeks(library, YEAR_WEEKS, seed=0, hours=HOURS)
    rollout(batch, recorded, steps, starts=starts(weeks), columns=())
    low, high = batch.contract.bounds("action")
    moved = np.diff(np.stack(recorded.actions), axis=0) / np.maximum(high - low, 1e-9)
    way = np.where(np.abs(moved) > FAR_SHARE, np.sign(moved), 0.0)
    in_a_row = np.zeros(way.shape[1:], dtype=np.int64)
    most, before = 0, np.zeros(way.shape[1:])
    for now in way:
        in_a_row = np.where(now == 0.0, 0, np.where(now * before < 0.0, in_a_row + 1, 1))
        most, before = max(most, int(in_a_row.max())), now
    crossings = (way != 0.0).sum(axis=(0, 1)) / YEAR_WEEKS
    busiest = int(np.argmax(crossings))
    print(
        f"{batch.contract.action[busiest].name} crosses half of its range "
        f"{crossings[busiest]:.1f} times a week, more than any other action; at most {most} times "
        f"in a row back and forth ({SWINGS} are a fault)"
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset")
    parser.add_argument("--bundle", type=Path, help="in place of the one that is shipped")
    parser.add_argument("--data", type=Path, help="folder of the measured series")
    chosen = parser.parse_args()
    district = load_district(chosen.preset)
    bundle = chosen.bundle or shipped_bundle(chosen.preset)
    if bundle is None:
        parser.error(f"no policy comes with {chosen.preset}; name one with --bundle")
    savings(district, bundle)
    swings(district, bundle)
    if chosen.data is None:
        print("measured years: skipped, --data names no folder of series")
        return
    for year in YEARS:
        library = build_library(district, "test", 1, data_dir=chosen.data, scenario=year)
        shares = unknown(district, bundle, library)
        told = ", ".join(f"{name} {100.0 * share:.1f} %" for name, share in shares.items())
        print(f"{year}: unknown to the monitor: {told} of the control steps")


if __name__ == "__main__":
    main()
