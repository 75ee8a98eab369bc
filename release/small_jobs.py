"""What is tried in each environment: real jobs of few steps, and refusals that name an extra."""

from dataclasses import dataclass
from pathlib import Path

from distributions import ReleaseError
from empty_environment import EmptyEnvironment
from tests.docs.small_sizes import TRAINING

GYM = (
    "import gymnasium as gym; e = gym.make('heatrouter.envs.gymenv:EnergyWeb-v0'); "
    "e.reset(seed=1); e.step(e.action_space.sample())"
)
COPY_POLICY = (
    "import shutil; from heatrouter.agents.shipped_bundles import shipped_bundle; "
    "shutil.copytree(shipped_bundle('energy-web'), 'shipped')"
)


@dataclass(frozen=True)
class Job:
    """A command and what it has to answer.

    Attributes:
        words: Program and arguments.
        says: What its output has to hold.
        code: Its exit code.
    """

    words: tuple[str, ...]
    says: str = ""
    code: int = 0

    @property
    def text(self) -> str:
        """As a person would type it."""
        return " ".join(word if len(word) < 60 else "..." for word in self.words)


def heatrouter(line: str, says: str = "", code: int = 0) -> Job:
    """A job of the command line."""
    return Job(("heatrouter", *line.split()), says, code)


def refused(line: str, extra: str) -> Job:
    """A command that needs another extra and says which."""
    return heatrouter(line, f"pip install 'heatrouter[{extra}]'", code=1)


INIT = heatrouter("init mine", "mine/energy-web.yaml")

BASE = (
    heatrouter("districts list", "energy-web"),
    INIT,
    heatrouter("districts check mine/energy-web.yaml"),
    heatrouter("match energy-web"),
    heatrouter("simulate energy-web --days 0.1 --save-state now.npz", "energy balance closes"),
    heatrouter("simulate mine/energy-web.yaml --days 0.1", "no task is named"),
    heatrouter(
        "simulate mine/energy-web.yaml --task mine/configs/tasks/energy-web.yaml --days 0.1",
        "energy balance closes",
    ),
    heatrouter("twin energy-web --state now.npz --hours 2 --members 3"),
    heatrouter(
        "settle energy-web --tariff mine/configs/settlement/energy-web.tariff.yaml --days 0.125 "
        "--out week.ledger.jsonl"
    ),
    heatrouter("verify week.ledger.jsonl"),
    Job(("python", "-c", GYM)),
    heatrouter("twin energy-web --state now.npz --controller policy --hours 2 --members 3"),
)
"""Districts, simulator, ledger, Gymnasium environment, and the policy that comes with a preset."""

JUDGE = (
    heatrouter(
        "evaluate energy-web --controllers rules,constant-price,policy --weeks 1 --hours 3 "
        "--jobs 1 --report report.html",
        "policy",
    ),
    heatrouter("simulate energy-web --days 0.1 --animate a.gif --frame-minutes 60", "a.gif"),
)

TRAIN = (
    Job(
        (
            *("heatrouter", "train", "demo", "--out", "runs/first"),
            *(word for change in TRAINING for word in ("--set", change)),
        )
    ),
    heatrouter("export runs/first --out my-bundle"),
    heatrouter(
        "evaluate energy-web --controllers rules,policy --bundle my-bundle --weeks 1 --hours 3 "
        "--jobs 1"
    ),
)

DEPLOY = (
    heatrouter("tags certificates certificates"),
    Job(("python", "-c", "import pathlib; pathlib.Path('forecasts').mkdir()")),
    Job(("python", "-c", COPY_POLICY)),
    heatrouter("serve mine/configs/service/energy-web.yaml --check-config", "ok: energy-web"),
    heatrouter(
        "serve mine/configs/service/energy-web-secured.yaml --check-config", "ok: energy-web"
    ),
    heatrouter("serve shipped --check-config", "ok: energy-web"),
    heatrouter("model keygen keys/release"),
    heatrouter("model sign shipped --key keys/release.key --archive signed.zip"),
    heatrouter("model verify signed.zip --key keys/release.pub"),
)

JOBS: dict[str, tuple[Job, ...]] = {
    "": (
        *BASE,
        refused("evaluate energy-web --controllers rules --weeks 1", "study"),
        refused("train energy-web --out runs/first", "train"),
        refused("serve mine/configs/service/energy-web.yaml --check-config", "deploy"),
    ),
    "deploy": (
        INIT,
        *DEPLOY,
        refused("train energy-web --out runs/first", "train"),
    ),
    "train": (
        INIT,
        *JUDGE,
        *TRAIN,
        refused("serve mine/configs/service/energy-web.yaml --check-config", "deploy"),
    ),
    "all": (
        INIT,
        *JUDGE,
        *TRAIN,
        *DEPLOY,
        heatrouter("districts import schutterwald_heat", "wrote schutterwald_heat.yaml"),
        Job(("python", "-c", "import ray")),
    ),
}
"""Extra -> what is tried with it; the empty name is heatrouter without one."""


def failure_of(job: Job, environment: EmptyEnvironment, cwd: Path) -> str | None:
    """Do a job; what is wrong with what came of it, or None."""
    done = environment.run(job.words, cwd)
    if done.code == job.code and job.says in " ".join(done.output.split()):
        return None
    wanted = f"exit code {job.code}" + (f" and {job.says!r}" if job.says else "")
    return f"{job.text}: exit code {done.code}, wanted {wanted}\n{done.output[-2000:]}"


def do_jobs(extra: str, environment: EmptyEnvironment, cwd: Path) -> int:
    """Do all jobs of an extra in an empty folder.

    Returns:
        Their number.

    Raises:
        ReleaseError: Everything that went wrong.
    """
    failures = [failure_of(job, environment, cwd) for job in JOBS[extra]]
    found = [failure for failure in failures if failure is not None]
    if found:
        raise ReleaseError("\n".join(found))
    return len(failures)
