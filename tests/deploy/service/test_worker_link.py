"""The policy worker as a real process: answers, deadlines, deaths, refusals."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from heatrouter.deploy import worker_link
from heatrouter.deploy.policy_worker import WorkerFault
from heatrouter.deploy.worker_frames import (
    FrameError,
    Kind,
    pack_action,
    pack_observation,
    unpack_action,
    unpack_header,
    unpack_observation,
)
from heatrouter.deploy.worker_link import WorkerLink
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError

PATIENCE_S = 2.0  # of a loaded machine; the service's own deadlines are tested with its clock


def link_to(bundle: Path, contract: Contract, digest: str | None = None) -> WorkerLink:
    return WorkerLink(
        bundle,
        contract_digest=contract.digest if digest is None else digest,
        n_action=len(contract.action),
        clock=time.monotonic,
    )


@pytest_asyncio.fixture
async def worker(bundle: Path, contract: Contract) -> AsyncIterator[WorkerLink]:
    link = link_to(bundle, contract)
    await link.open()
    yield link
    await link.close()


@pytest.fixture
def observation(contract: Contract) -> np.ndarray:
    return np.zeros(len(contract.observation), dtype=np.float32)


async def come_back(worker: WorkerLink) -> None:
    begin = time.monotonic()
    while not worker.ready:
        worker.poll()
        await asyncio.sleep(0.02)
        assert time.monotonic() - begin < 30.0


async def test_it_answers_in_a_process_of_its_own(
    worker: WorkerLink, observation: np.ndarray, neutral: np.ndarray
) -> None:
    assert worker.ready
    assert worker.pid != os.getpid()
    assert len(worker.bundle_digest) == 64
    decision = await worker.decide(observation, PATIENCE_S)
    np.testing.assert_allclose(decision.action, neutral)
    assert 0.0 < decision.compute_s < decision.round_trip_s
    assert worker.poll() is None


async def test_a_killed_worker_is_noticed_at_the_next_look_and_replaced(
    worker: WorkerLink, observation: np.ndarray
) -> None:
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await asyncio.sleep(0.05)
    assert not worker.ready
    assert worker.poll() is not None
    assert worker.poll() is None, "one death is told once"
    with pytest.raises(WorkerFault):
        await worker.decide(observation, PATIENCE_S)
    await come_back(worker)
    assert worker.pid != first
    assert worker.restarts == 1
    await worker.decide(observation, PATIENCE_S)


async def test_a_death_in_the_middle_of_a_decision_does_not_wait_for_the_deadline(
    worker: WorkerLink, observation: np.ndarray
) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    asking = asyncio.create_task(worker.decide(observation, 20.0))
    await asyncio.sleep(0.05)
    begin = time.monotonic()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerFault):
        await asking
    assert time.monotonic() - begin < 5.0


async def test_a_frozen_worker_misses_its_deadline_and_is_replaced(
    worker: WorkerLink, observation: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_link, "HUNG_AFTER_S", 0.3)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerFault, match=r"within 50\.0 ms"):
        await worker.decide(observation, 0.05)
    cause = None
    while cause is None:
        await asyncio.sleep(0.02)
        cause = worker.poll()
    assert "did not answer" in cause
    await come_back(worker)
    await worker.decide(observation, PATIENCE_S)


async def test_a_late_answer_is_not_taken_for_the_next_one(
    worker: WorkerLink, observation: np.ndarray
) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerFault):
        await worker.decide(observation, 0.02)
    os.kill(worker.pid, signal.SIGCONT)
    decision = await worker.decide(observation, PATIENCE_S)
    assert np.isfinite(decision.action).all()
    assert not worker._pending


async def test_an_answer_that_is_no_number_is_a_fault(
    worker: WorkerLink, observation: np.ndarray
) -> None:
    observation = observation.copy()
    observation[3] = np.nan
    with pytest.raises(WorkerFault, match="not finite"):
        await worker.decide(observation, PATIENCE_S)
    assert worker.poll() is None


async def test_a_changed_bundle_is_refused(
    bundle: Path, contract: Contract, tmp_path: Path
) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy")
    model = copy / "policy.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    with pytest.raises(BundleError, match="sha256"):
        await link_to(copy, contract).open()


async def test_a_bundle_for_another_contract_is_refused(bundle: Path, contract: Contract) -> None:
    with pytest.raises(BundleError, match="another contract"):
        await link_to(bundle, contract, "f" * 64).open()


async def test_close_leaves_no_process(bundle: Path, contract: Contract) -> None:
    link = link_to(bundle, contract)
    await link.open()
    assert link._process is not None
    process = link._process
    await link.close()
    assert process.poll() == 0


def test_frames_round_trip() -> None:
    values = np.array([1.5, -2.0, np.inf], dtype=np.float32)
    frame = pack_observation(7, values)
    kind, length = unpack_header(frame[:5])
    assert (kind, length) == (Kind.OBSERVATION, len(frame) - 5)
    number, back = unpack_observation(frame[5:])
    assert number == 7
    np.testing.assert_array_equal(back, values)
    number, seconds, action = unpack_action(pack_action(8, 1e-5, values.astype(np.float64))[5:])
    assert (number, seconds) == (8, 1e-5)
    np.testing.assert_array_equal(action, values)


@pytest.mark.parametrize("header", [b"\x09\x00\x00\x00\x00", b"\x01\xff\xff\xff\xff", b"HTTP/"])
def test_garbage_is_no_frame(header: bytes) -> None:
    with pytest.raises(FrameError):
        unpack_header(header)


@pytest.mark.parametrize("body", [b"", b"short", bytes(19)])
def test_an_answer_of_the_wrong_length_is_no_answer(body: bytes) -> None:
    with pytest.raises(FrameError):
        unpack_action(body)
