"""How often the monitor of a policy cries wolf, and how soon it finds what is wrong.

Fits a monitor as `heatrouter export` does, with the preset's constant heat price in the place of a
policy, and shows it runs on validation scenarios that it was not calibrated with: as they are, with
a bias on one temperature sensor after another, and with a frost.

Example: python benchmarks/monitor_rates.py --bias-k 2
"""

import argparse
import time

import numpy as np

from heatrouter.agents.constant_price import ConstantPriceController
from heatrouter.agents.monitor import MARKET, PHYSICAL, MonitorScorer
from heatrouter.agents.monitor_fitting import drift_course
from heatrouter.agents.monitor_learning import observed
from heatrouter.agents.protocol import Controller
from heatrouter.agents.rules import RulesController
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.monitoring import learn_monitor

PRESET = "energy-web"
OTHER_SEED = 77
WITHIN_H = (1.0, 6.0, 24.0, 72.0)
FROSTS_C = (-15.0, -20.0, -25.0)


def days_with_alarms(ratio: FloatArray, steps_per_day: int) -> FloatArray:
    """Whether a ratio exceeds 1 on each day of ``(n_steps, n_runs, ...)``."""
    worst = ratio.reshape(ratio.shape[0], ratio.shape[1], -1).max(axis=2)
    days: FloatArray = worst.reshape(-1, steps_per_day, worst.shape[1]).max(axis=1) > 1.0
    return days


def biased(
    values: FloatArray, contract: Contract, origin: str, bias: float, from_step: int
) -> FloatArray:
    """The same runs with a biased sensor, which lagged channels repeat later."""
    values = values.copy()
    for i, channel in enumerate(contract.observation):
        if channel.origin == origin and channel.source in {"measured", "lagged"}:
            begin = from_step + round(channel.lag_s / contract.control_dt_s)
            values[begin:, :, i] += bias
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bias-k", type=float, default=2.0)
    options = parser.parse_args()
    district, task = load_district(PRESET), load_task(PRESET)
    contract = build_contract(district, task)
    config = load_training_config(PRESET)
    policy: Controller = ConstantPriceController()
    begin = time.perf_counter()
    monitor = learn_monitor(config, task, district, policy)
    print(f"fitted in {time.perf_counter() - begin:.0f} s: {monitor.calibration_days} days, "
          f"{len(monitor.relations)} relations, {len(monitor.to_json()) / 1000:.0f} kB, "
          f"limits {monitor.limits}, drift {monitor.drift_limit:.2f}")  # fmt: skip
    scorer = MonitorScorer(monitor, contract)
    years = config.scenarios
    library = build_library(
        district, "validation", years.validation_years, years.validation_seed + OTHER_SEED
    )
    rules_task = task.model_copy(update={"parametrisation": "offset"})
    per_day = round(SECONDS_PER_DAY / contract.control_dt_s)
    runs = {
        "constant price": observed(district, task, library, policy, seed=OTHER_SEED),
        "rules": observed(district, rules_task, library, RulesController(), seed=OTHER_SEED),
    }
    for name, values in runs.items():
        ratio = scorer.novelty_of(values)
        for what, found in (
            ("novelty of weather or plant", ratio[..., scorer.members(PHYSICAL)]),
            ("novelty of prices", ratio[..., scorer.members(MARKET)]),
            ("drift", drift_course(scorer, values)),
        ):
            days = days_with_alarms(found, per_day)
            print(f"{name}, {what}: {int(days.sum())} of {days.size} days")
        worst = contract.observation[int(ratio.max(axis=(0, 1)).argmax())].name
        print(f"furthest from training: {worst}, {ratio.max():.2f} of its limit")
    _frosts(scorer, contract, runs["constant price"])
    _biases(scorer, contract, runs["constant price"], options.bias_k, per_day)


def _frosts(scorer: MonitorScorer, contract: Contract, values: FloatArray) -> None:
    at = contract.observation_index("site.ambient_temp_c")
    for frost in FROSTS_C:
        cold = values[:, :, :].copy()
        cold[..., at] = frost
        found = (scorer.novelty_of(cold)[..., at] > 1.0).mean()
        print(f"outdoors {frost:g} degC: novel in {100.0 * found:.0f} % of all steps")


def _biases(
    scorer: MonitorScorer, contract: Contract, values: FloatArray, bias: float, per_day: int
) -> None:
    steps = [round(h * SECONDS_PER_HOUR / contract.control_dt_s) for h in WITHIN_H]
    clean = drift_course(scorer, values)[..., 0]
    quiet = clean[:per_day].max(axis=0) <= 1.0
    rates = []
    for channel in contract.observation:
        if channel.source != "measured" or not channel.name.endswith("temp_c"):
            continue
        course = drift_course(scorer, biased(values, contract, channel.origin, bias, per_day))
        after = course[per_day:, :, 0][:, quiet]
        rates.append([float((after[:n] > 1.0).any(axis=0).mean()) for n in steps])
        print(f"{channel.name:<28} " + " ".join(f"{100.0 * r:4.0f} %" for r in rates[-1]))
    shown = " ".join(f"{100.0 * r:4.0f} %" for r in np.mean(rates, axis=0))
    hours = ", ".join(f"{h:g}" for h in WITHIN_H)
    print(f"bias of {bias:g} K found within {hours} h, all sensors: {shown}")
    none = " ".join(
        f"{100.0 * (clean[per_day : per_day + n][:, quiet] > 1.0).any(axis=0).mean():4.0f} %"
        for n in steps
    )
    print(f"without a bias: {none}")


if __name__ == "__main__":
    main()
