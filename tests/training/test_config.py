"""Training configurations: complete, checked at once, the same however they are named."""

from pathlib import Path

import pytest

from heatrouter.envs.errors import EXIT_CONFIG, TrainingConfigError
from heatrouter.envs.spec.loading import load_task
from heatrouter.training.config import TrainingConfig, factor_per_step
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
