"""Search for the settings of a training, judged by what its policy saves on validation weeks.

Optuna proposes, trainings with little promise are ended early by the median of the others (the
pruner compares scores at equal steps). All trials share the seed, the scenarios, and what was
prepared before the learning, so that they differ by their settings only. A tuning that was ended
goes on from its storage; the trial that ran then is tried again.
"""

import json
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import dump_training_config, load_training_config
from heatrouter.training.learning import TrainingEndedError
from heatrouter.training.nested_runs import NestedRuns
from heatrouter.training.policy_space import PolicyAxis
from heatrouter.training.preparation import Preparation
from heatrouter.training.run_folder import RunFolder, write_json, write_text
from heatrouter.training.train import RunOptions, start_training
from heatrouter.training.validation import Score

RECORD: Final = "tuning.json"
_JOURNAL: Final = "journal.log"
_STUDY: Final = "policy"
_SEEDS_APART: Final = 10_000
_STARTUP_TRIALS: Final = 5
_UNPRUNED_SHARE: Final = 0.2
_ENDED: Final = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True, slots=True)
class PolicyTuning:
    """How a search for settings is done.

    Attributes:
        source: The configuration, a file or a name.
        changes: As in ``heatrouter train --set``, the same for all trials.
        axes: What is searched.
        trials: How many, those that were ended early included.
        storage: URL of a database (RDB) that Optuna keeps trials in; None for a journal file in
            the folder.
        seed: Of the search.
    """

    source: str
    changes: tuple[str, ...]
    axes: tuple[PolicyAxis, ...]
    trials: int
    storage: str | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TriedSettings:
    """A trial that has ended.

    Attributes:
        number: Of the trial.
        settings: Key to value.
        saving: Share of the rules' cost on validation weeks; the last score of one ended early.
        pruned: Whether it was ended early.
    """

    number: int
    settings: dict[str, Any]
    saving: float
    pruned: bool


def tune_policy(tuning: PolicyTuning, out: Path, console: Console) -> list[TriedSettings]:
    """Search, and write what was found.

    ``best.yaml`` is the configuration of the best trial, ``tuning.json`` the record,
    ``table.md`` all trials.

    Args:
        tuning: How.
        out: Folder of the search; that of the same search goes on.
        console: Where progress goes.

    Returns:
        All trials that have ended, the best first.

    Raises:
        TrainingConfigError: Configuration, axes, folder or storage cannot be used.
    """
    config = load_training_config(tuning.source, tuning.changes)
    for axis in tuning.axes:  # told before the first trial
        for end in (axis.low, axis.high):
            load_training_config(tuning.source, [*tuning.changes, f"{axis.key}={end}"])
    _claim(out, tuning, config)
    study = _study(tuning, out)

    def warn(message: str) -> None:
        console.print(message, style="yellow", highlight=False, soft_wrap=True)

    runs = NestedRuns(config.tracking, f"tune {out.resolve().name}", out, [], warn)
    for number in range(len(study.trials)):
        if (out / _folder(number)).is_dir():
            runs.add(_folder(number))
    try:
        while (done := len(_ended(study))) < tuning.trials:
            study.sampler = _sampler(tuning.seed * _SEEDS_APART + done)
            trial = study.ask({axis.key: axis.distribution for axis in tuning.axes})
            runs.add(_folder(trial.number))
            _one_trial(study, trial, tuning, out, console)
            runs.send([_folder(trial.number)])
    except KeyboardInterrupt:
        runs.close("KILLED", {}, {})
        msg = f"{len(_ended(study))} trials kept; the same command goes on in {out}"
        raise KeyboardInterrupt(msg) from None
    tried = _tried(study)
    _write(out, tuning, tried)
    table = (out / "table.md").read_text(encoding="utf-8")
    tables = {"table.md": table, "best.yaml": (out / "best.yaml").read_text(encoding="utf-8")}
    runs.close("FINISHED", {"best_saving": tried[0].saving, "trials": len(tried)}, tables)
    return tried


def _one_trial(
    study: optuna.Study, trial: Trial, tuning: PolicyTuning, out: Path, console: Console
) -> None:
    settings = [f"{key}={value}" for key, value in trial.params.items()]
    config = load_training_config(tuning.source, [*tuning.changes, *settings])
    scores: list[float] = []

    def watch(steps: int, score: Score) -> None:
        scores.append(score.saving)
        trial.report(score.saving, steps)
        if steps < config.total_steps and trial.should_prune():
            raise TrainingEndedError

    told = f"trial {trial.number}: {', '.join(settings)}"
    console.print(told, highlight=False, soft_wrap=True)
    folder = out / _folder(trial.number)
    options = RunOptions(send=False, on_score=watch, prepared=_known(out))
    quiet = Console(quiet=True)
    try:
        summary = start_training(config, folder, quiet, options)
    except TrainingEndedError:
        study.tell(trial, state=TrialState.PRUNED)
        ended = f"ended early at {100.0 * scores[-1]:+.2f} %"
    else:
        study.tell(trial, summary["best_saving"])
        ended = f"saves {100.0 * summary['best_saving']:+.2f} %"
    console.print(f"trial {trial.number} {ended}", highlight=False, soft_wrap=True)


def _known(out: Path) -> Preparation | None:
    """What an earlier trial has prepared; it does not depend on what is searched."""
    for record in sorted(out.glob("trial-*/run.json")):
        content = json.loads(record.read_text(encoding="utf-8"))
        return Preparation.from_record(content["prepared"])
    return None


def _folder(number: int) -> str:
    return f"trial-{number:04d}"


def _claim(out: Path, tuning: PolicyTuning, config: TrainingConfig) -> None:
    """Make the folder, or check that it holds this search."""
    asked = {
        "config": config.model_dump(mode="json", exclude={"tracking"}),
        "axes": [[a.key, a.low, a.high, a.log] for a in tuning.axes],
        "seed": tuning.seed,
    }
    path = out / "question.json"
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not path.is_file() or json.loads(path.read_text(encoding="utf-8")) != asked:
            msg = f"{out} holds something else than this search; name a new folder with --out"
            raise TrainingConfigError(msg)
        return
    out.mkdir(parents=True, exist_ok=True)
    write_json(path, asked)


def _study(tuning: PolicyTuning, out: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    name = f"{_STUDY}-{out.resolve().name}"
    config = load_training_config(tuning.source, tuning.changes)
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=round(_UNPRUNED_SHARE * config.total_steps)
    )
    try:
        storage: BaseStorage = (
            JournalStorage(JournalFileBackend(str(out / _JOURNAL)))
            if tuning.storage is None
            else RDBStorage(tuning.storage)
        )
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction="maximize",
            pruner=pruner,
            load_if_exists=True,
        )
    except Exception as error:  # SQLAlchemy's, of every driver
        reason = str(error).partition("\n")[0]
        msg = f"--storage {tuning.storage}: cannot be used ({reason})"
        raise TrainingConfigError(msg) from error
    for cut in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(cut.number, state=TrialState.FAIL)
        study.enqueue_trial(dict(cut.params))
        shutil.rmtree(out / _folder(cut.number), ignore_errors=True)
    return study


def _sampler(seed: int) -> optuna.samplers.BaseSampler:
    # Seeded by the number of trials, so that a search that was ended goes on as it would have.
    with warnings.catch_warnings():
        # multivariate is marked experimental, and has been for years
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=_STARTUP_TRIALS, multivariate=True
        )


def _ended(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=_ENDED)


def _tried(study: optuna.Study) -> list[TriedSettings]:
    found = [
        TriedSettings(
            trial.number,
            dict(trial.params),
            max(trial.intermediate_values.values(), default=float("-inf"))
            if trial.value is None
            else trial.value,
            trial.state == TrialState.PRUNED,
        )
        for trial in _ended(study)
    ]
    return sorted(found, key=lambda tried: (tried.pruned, -tried.saving, tried.number))


def _write(out: Path, tuning: PolicyTuning, tried: Sequence[TriedSettings]) -> None:
    best = RunFolder(out / _folder(tried[0].number))
    config, _, _ = best.read_inputs()
    write_text(out / "best.yaml", dump_training_config(config))
    keys = [axis.key for axis in tuning.axes]
    lines = [
        f"| trial | saving | {' | '.join(keys)} |",
        f"|---:|---:|{'---:|' * len(keys)}",
        *(
            f"| {one.number} | {100.0 * one.saving:+.2f} %{' (ended early)' if one.pruned else ''} "
            f"| {' | '.join(f'{one.settings[key]:.4g}' for key in keys)} |"
            for one in tried
        ),
    ]
    write_text(out / "table.md", "\n".join(lines) + "\n")
    trials = [
        {
            "trial": one.number,
            "saving": one.saving,
            "pruned": one.pruned,
            "settings": one.settings,
        }
        for one in tried
    ]
    write_json(out / RECORD, {"config": tuning.source, "trials": trials})
