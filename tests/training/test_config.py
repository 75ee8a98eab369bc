"""Training configurations: complete, checked at once, the same however they are named."""

from pathlib import Path
from typing import Any

import pytest

from heatrouter.envs.cli_init import configs_folder
from heatrouter.envs.errors import EXIT_CONFIG, TrainingConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.config import ScenarioSettings, TrainingConfig, factor_per_step
from heatrouter.training.config_fit import action_mistakes, overlap_mistakes
from heatrouter.training.config_loading import (
    config_names,
    dump_training_config,
    load_training_config,
    parse_training_config,
    training_config_schema,
)

LEAST = "name: x\ntask: energy-web\ntotal_steps: 100000\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text(LEAST, encoding="utf-8")
    return path


def mistakes_of(caught: pytest.ExceptionInfo[TrainingConfigError]) -> dict[str, str]:
    return {mistake.path: mistake.message for mistake in caught.value.mistakes}


def test_every_setting_has_a_default_but_three(file: Path) -> None:
    required = [n for n, f in TrainingConfig.model_fields.items() if f.is_required()]
    assert required == ["name", "task", "total_steps"]
    assert load_training_config(file).ppo.clip == 0.15


@pytest.mark.parametrize("name", config_names())
def test_what_comes_with_heatrouter_is_sound(name: str) -> None:
    config = load_training_config(name)
    assert config.name == name
    assert load_task(config.task).parametrisation == "heat_price"


def test_the_demo_and_the_proper_run_come_with_heatrouter() -> None:
    assert {"demo", "energy-web"} <= {*config_names()}


def test_all_mistakes_come_at_once_with_their_paths() -> None:
    text = "name: X y\ntask: 3\ntotal_steps: 1000\nppo: {clp: 1, clip: 1.5}\nfoo: 1\n"
    with pytest.raises(TrainingConfigError) as caught:
        parse_training_config(text)
    assert caught.value.exit_code == EXIT_CONFIG
    found = mistakes_of(caught)
    assert set(found) == {"name", "task", "ppo.clp", "ppo.clip", "foo", "total_steps"}
    assert "did you mean 'clip'" in found["ppo.clp"]
    assert "less than one rollout of 10752" in found["total_steps"]


def test_settings_that_do_not_fit_together_are_mistakes() -> None:
    text = LEAST + "ppo: {minibatch: 1000, learning_rate: 1.0e-4, learning_rate_end: 2.0e-4}\n"
    with pytest.raises(TrainingConfigError) as caught:
        parse_training_config(text)
    assert set(mistakes_of(caught)) == {"ppo.minibatch", "ppo.learning_rate_end"}


def test_a_setting_is_changed_by_its_path(file: Path) -> None:
    config = load_training_config(
        file, ["ppo.learning_rate=1e-3", "seed=7", "ppo.target_kl=null", "network.value_layers=[8]"]
    )
    assert (config.ppo.learning_rate, config.seed, config.ppo.target_kl) == (1e-3, 7, None)
    assert config.network.value_layers == (8,)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("nothing", "--set nothing"),
        ("=3", "--set =3"),
        ("seed.a=3", "--set seed.a"),
        ("ppo.nothing=3", "ppo.nothing"),
        ("name=[", "--set name"),
    ],
)
def test_a_change_that_cannot_be_made_is_a_mistake(tmp_path: Path, change: str, path: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(LEAST + "seed: 1\n", encoding="utf-8")
    with pytest.raises(TrainingConfigError) as caught:
        load_training_config(file, [change])
    assert list(mistakes_of(caught)) == [path]


def test_an_unknown_name_is_told_with_what_there_is() -> None:
    with pytest.raises(TrainingConfigError, match=r"did you mean 'demo'|there are: "):
        load_training_config("demoo")


def test_a_dump_reads_back_as_itself(file: Path) -> None:
    config = load_training_config(file)
    assert parse_training_config(dump_training_config(config)) == config


def test_the_digest_leaves_out_where_results_are_tracked(file: Path) -> None:
    config = load_training_config(file)
    assert load_training_config(file, ["tracking.enabled=false"]).digest == config.digest
    assert load_training_config(file, ["seed=2"]).digest != config.digest


@pytest.mark.parametrize(
    ("algorithm", "own"),
    [
        ("ppo", {"ppo"}),
        ("lagrangian-ppo", {"ppo", "lagrangian"}),
        ("sac", {"sac"}),
        ("tqc", {"tqc"}),
    ],
)
def test_a_dump_holds_the_settings_of_its_algorithm_and_of_no_other(
    algorithm: str, own: set[str]
) -> None:
    config = parse_training_config(LEAST + f"algorithm: {algorithm}\n")
    text = dump_training_config(config)
    sections = {"ppo", "lagrangian", "sac", "tqc"}
    assert {line.partition(":")[0] for line in text.splitlines()} & sections == own
    assert parse_training_config(text) == config
    assert config.acting is getattr(config, {"lagrangian-ppo": "ppo"}.get(algorithm, algorithm))


def test_a_section_of_another_algorithm_is_a_mistake_beside_all_others() -> None:
    text = LEAST + "algorithm: sac\nppo: {clip: 0.2}\nsac: {memory_steps: 1000, batsh: 3}\n"
    with pytest.raises(TrainingConfigError) as caught:
        parse_training_config(text)
    found = mistakes_of(caught)
    assert "belongs to another algorithm" in found["ppo"]
    assert "did you mean 'batch'" in found["sac.batsh"]


def test_settings_of_other_algorithms_and_of_variety_are_checked_together() -> None:
    text = """name: x
task: energy-web
total_steps: 5000
algorithm: tqc
tqc: {quantiles: 4, dropped_quantiles: 4, memory_steps: 1000, environments: 64}
curriculum: {stages: [{until_share: 0.5}, {until_share: 0.4}]}
randomisation: {variants: 7}
"""
    with pytest.raises(TrainingConfigError) as caught:
        parse_training_config(text)
    assert set(mistakes_of(caught)) == {
        "tqc.dropped_quantiles",
        "tqc.memory_steps",
        "tqc.warmup_steps",
        "curriculum.stages[1].until_share",
        "randomisation.variants",
        "randomisation.sizes",
    }


def test_an_unknown_algorithm_is_told_with_those_that_there_are() -> None:
    with pytest.raises(TrainingConfigError, match=r"algorithm: .*lagrangian-ppo"):
        parse_training_config(LEAST + "algorithm: dqn\n")


def test_scenarios_that_judge_are_not_trained_on() -> None:
    scenarios = ScenarioSettings(train="de-2023", validation="dk-2018", test=("de-2023", "try"))
    found = {mistake.path: mistake.message for mistake in overlap_mistakes(scenarios)}
    assert set(found) == {"scenarios.train", "scenarios.validation", "scenarios.test[0]"}
    assert "kept for test" in found["scenarios.train"]
    assert "what judges must be new" in found["scenarios.test[0]"]
    assert overlap_mistakes(ScenarioSettings(test=("de-2023", "dk-2020"))) == []
    assert "try" in str(overlap_mistakes(ScenarioSettings(train="try"))[0])


def test_days_next_to_those_that_judge_are_too_near(tmp_path: Path) -> None:
    shipped = configs_folder()
    assert shipped is not None
    text = (shipped / "scenarios" / "de-2023.yaml").read_text(encoding="utf-8")
    near = tmp_path / "near.yaml"
    changed = text.replace("split: test", "split: train").replace("2023-01-01T", "2024-01-05T")
    near.write_text(changed.replace("days: 365", "days: 60"), encoding="utf-8")
    (mistake,) = overlap_mistakes(ScenarioSettings(train=str(near), test=("de-2023",)))
    assert mistake.path == "scenarios.test[0]"
    later = tmp_path / "later.yaml"
    later.write_text(near.read_text(encoding="utf-8").replace("2024-01-05T", "2024-01-15T"))
    assert overlap_mistakes(ScenarioSettings(train=str(later), test=("de-2023",))) == []


def test_a_task_that_leaves_nothing_to_decide_fits_no_algorithm() -> None:
    task = load_task("energy-web")
    contract = build_contract(load_district("energy-web"), task)
    config = parse_training_config(LEAST + "algorithm: sac\n")
    empty = contract.model_copy(update={"action": ()})
    (mistake,) = action_mistakes(config, empty)
    assert mistake.path == "algorithm"
    assert "has nothing to decide" in mistake.message
    first, *others = contract.action
    stuck = contract.model_copy(
        update={"action": (first.model_copy(update={"high": first.low}), *others)}
    )
    assert first.name in action_mistakes(config, stuck)[0].message
    assert action_mistakes(config, contract) == []


def test_the_schema_marks_sections_of_other_algorithms() -> None:
    rules: Any = training_config_schema()["allOf"]
    of_sac = next(r for r in rules if r["if"]["properties"]["algorithm"]["const"] == "sac")
    assert of_sac["then"]["properties"] == {"ppo": False, "lagrangian": False, "tqc": False}


def test_the_schema_describes_every_section() -> None:
    schema = training_config_schema()
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == set(TrainingConfig.model_fields)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("dt_s", [300.0, 900.0, 3600.0])
def test_time_scales_do_not_depend_on_the_control_step(dt_s: float) -> None:
    per_hour = factor_per_step(33.0, dt_s) ** (3600.0 / dt_s)
    assert per_hour == pytest.approx(0.97015, abs=1e-5)
    assert factor_per_step(0.0, dt_s) == 0.0
