"""The policy worker: a process of its own that runs the bundle.

Started by the guard process as ``python -m heatrouter.deploy.worker``. It may hang, crash or answer
nonsense; the guard process survives all of it. It ends by itself when the guard process is gone.
"""

import argparse
import gc
import json
import logging
import signal
import socket
import sys
import time
from pathlib import Path

import numpy as np

from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.deploy.gate import Admitted, admit
from heatrouter.deploy.policy_worker import rules_digest
from heatrouter.deploy.worker_frames import (
    HEADER,
    FrameError,
    Kind,
    pack,
    pack_action,
    unpack_header,
    unpack_observation,
)
from heatrouter.envs.errors import EXIT_CONFIG, HeatrouterError
from heatrouter.envs.spec.loading import load_district

_log = logging.getLogger(__name__)


def receive(channel: socket.socket, length: int) -> bytes:
    """Read exactly so many bytes; raises EOFError when the guard process is gone."""
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(length - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def answer(channel: socket.socket, policy: OnnxPolicy) -> None:
    """Answer observations until the guard process closes the channel."""
    while True:
        kind, length = unpack_header(receive(channel, HEADER.size))
        body = receive(channel, length)
        if kind is not Kind.OBSERVATION:
            msg = f"the guard process sent {kind.name}, the worker takes observations only"
            raise FrameError(msg)
        begin = time.perf_counter()
        number, observation = unpack_observation(body)
        action = policy.act(observation[np.newaxis])[0]
        channel.sendall(pack_action(number, time.perf_counter() - begin, action))


def let_in(path: Path, district: str | None, keys: list[Path] | None) -> Admitted:
    """Let a bundle through the gate.

    Args:
        path: Folder or archive.
        district: Preset or file that it shall control; None checks the bundle alone.
        keys: Whose signatures count; None takes unsigned bundles, too.

    Raises:
        BundleError: It may not run.
        ConfigError: The district or a key cannot be read.
    """
    trusted = None
    if keys is not None:
        # Where no signature is asked for, the library is not needed.
        from heatrouter.deploy.signing import load_trusted_keys

        trusted = load_trusted_keys(keys)
    return admit(path, trusted, None if district is None else load_district(district))


def introduction(admitted: Admitted, load_s: float) -> dict[str, object]:
    """What the guard process is told of a bundle, JSON types; it never reads the files itself."""
    bundle = admitted.bundle
    return {
        "contract_digest": bundle.manifest.contract_digest,
        "rules_digest": rules_digest(bundle.manifest.task),
        "bundle_digest": bundle.digest,
        "identity": bundle.identity,
        "name": bundle.manifest.name,
        "signed_by": admitted.signed_by,
        "monitor": None if bundle.monitor is None else bundle.monitor.model_dump(mode="json"),
        "metrics": bundle.manifest.metrics,
        "load_s": load_s,
    }


def main() -> int:
    """Load the bundle, say so, then answer observations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--district", help="preset or file that the policy shall control")
    parser.add_argument("--trusted-key", type=Path, action="append", help="public key, PEM")
    parser.add_argument("--channel", type=int, required=True, help="file descriptor of the socket")
    arguments = parser.parse_args()
    # Ctrl-C is the guard's to handle: it closes the channel when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=arguments.channel) as channel:
        begin = time.perf_counter()
        try:
            admitted = let_in(arguments.bundle, arguments.district, arguments.trusted_key)
        except HeatrouterError as error:
            channel.sendall(pack(Kind.REFUSED, str(error).encode()))
            return EXIT_CONFIG
        policy = OnnxPolicy(admitted.bundle)
        ready = introduction(admitted, time.perf_counter() - begin)
        # What is loaded stays: no pause to look through it for garbage in the middle of a decision.
        gc.collect()
        gc.freeze()
        try:
            channel.sendall(pack(Kind.READY, json.dumps(ready).encode()))
            answer(channel, policy)
        except (EOFError, ConnectionError):
            _log.debug("the guard process is gone")
    return 0


if __name__ == "__main__":
    sys.exit(main())
