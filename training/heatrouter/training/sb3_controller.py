"""A training run as a controller that ``heatrouter evaluate`` takes as ``sb3:RUN_DIR``."""

import hashlib
from pathlib import Path

from heatrouter.agents.protocol import Controller
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.algorithms.building import empty_policy
from heatrouter.training.checkpoints import load_tensors
from heatrouter.training.config import TrainingConfig
from heatrouter.training.onnx_export import ExportedPolicy
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.validation import TorchController


def run_controller(folder: Path, district: District) -> tuple[Controller, str, Task]:
    """Make a controller of a run's best policy, through the graph that would be exported.

    Args:
        folder: The run.
        district: What it shall control; the one that it was trained on.

    Returns:
        The controller, what exactly it is, and the task that it was trained for.

    Raises:
        ConfigError: The folder is no run, has no policy yet, or was trained on another district.
    """
    run = RunFolder(folder)
    config, task, own = run.read_inputs()
    if own.digest != district.digest:
        msg = (
            f"{folder}: was trained on {own.name!r} ({own.digest[:12]}), it is asked to control "
            f"{district.name!r} ({district.digest[:12]}); name the run's own {folder}/district.yaml"
        )
        raise TrainingConfigError(msg)
    contract = build_contract(district, task)
    graph = best_graph(run, config, contract)
    controller = TorchController(graph, contract.parametrisation)
    digest = hashlib.sha256(run.best.read_bytes()).hexdigest()
    return controller, f"run {run.name}, best.pt {digest[:12]}", task


def best_graph(run: RunFolder, config: TrainingConfig, contract: Contract) -> ExportedPolicy:
    """Read the policy that scored best on validation weeks.

    Args:
        run: The run.
        config: Its configuration.
        contract: Of its district and task.

    Returns:
        The way from observation to action in physical units, ready to answer.

    Raises:
        ConfigError: There is no policy yet.
    """
    if not run.best.is_file():
        msg = (
            f"{run.path}: has no policy yet; let it train, or resume it: heatrouter train --resume"
        )
        raise TrainingConfigError(msg)
    policy = empty_policy(config, contract)
    policy.load_state_dict(load_tensors(run.best)["policy"])
    policy.set_training_mode(False)
    return ExportedPolicy(policy, contract)
