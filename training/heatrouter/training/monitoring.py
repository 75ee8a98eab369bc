"""The monitor of a policy, from the scenarios that it was trained and chosen on."""

from heatrouter.agents.monitor import Monitor
from heatrouter.agents.monitor_learning import learned_monitor
from heatrouter.agents.protocol import Controller
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import TrainingConfig
from heatrouter.training.preparation import training_library, validation_library


def learn_monitor(
    config: TrainingConfig, task: Task, district: District, policy: Controller
) -> Monitor:
    """Simulate policy and rules, and fit a monitor to what they see.

    Args:
        config: Which scenarios the policy was trained and chosen on.
        task: Its task.
        district: Its district.
        policy: The policy.
    """
    train = training_library(config, district)
    validation = validation_library(config, district)
    return learned_monitor(district, task, train, validation, policy)
