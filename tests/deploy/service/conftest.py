"""A district, its contract, and a bundle whose policy always answers the neutral action."""

from pathlib import Path

import numpy as np
import pytest
from constant_bundle import constant_bundle
from tests.deploy.service.turned_service import Bench, build

from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task


@pytest.fixture(scope="session")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="session")
def task() -> Task:
    return load_task("energy-web")


@pytest.fixture(scope="session")
def contract(district: District, task: Task) -> Contract:
    return build_contract(district, task)


@pytest.fixture(scope="session")
def neutral(contract: Contract) -> np.ndarray:
    return np.array([channel.neutral for channel in contract.action], dtype=np.float32)


@pytest.fixture(scope="session")
def bundle(
    tmp_path_factory: pytest.TempPathFactory, district: District, task: Task, neutral: np.ndarray
) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "neutral"
    return constant_bundle(folder, district, task, neutral)


@pytest.fixture
def bench(bundle: Path, neutral: np.ndarray, tmp_path: Path) -> Bench:
    """Armed, asked for POLICY."""
    return build(bundle, neutral, tmp_path, "policy")
