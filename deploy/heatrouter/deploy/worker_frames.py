"""What guard process and policy worker say to each other: length-prefixed frames on a socket pair.

A frame is a kind (1 byte), the length of its body (4 bytes, little endian) and the body. Arrays
travel as raw little-endian floats: no pickle crosses the border to a process that runs a model.

    guard  -> worker   OBSERVATION  number (u64), float32 values
    worker -> guard    READY        JSON: digests, name, signer, monitor and scores of the bundle
    worker -> guard    ACTION       number (u64), compute_s (f64), float64 values
    worker -> guard    REFUSED      UTF-8 message: the bundle must not run
"""

import struct
from enum import IntEnum

import numpy as np

from heatrouter.envs.arrays import Float32Array, FloatArray

HEADER = struct.Struct("<BI")
_NUMBER = struct.Struct("<Q")
_ANSWER = struct.Struct("<Qd")

MAX_BODY_BYTES = 1 << 20
"""Far above any observation; a larger length is garbage."""


class Kind(IntEnum):
    """What a frame holds."""

    OBSERVATION = 1
    READY = 2
    ACTION = 3
    REFUSED = 4


class FrameError(Exception):
    """Bytes that are no frame; the peer cannot be trusted any more."""


def pack(kind: Kind, body: bytes) -> bytes:
    """Form one frame."""
    return HEADER.pack(kind, len(body)) + body


def unpack_header(header: bytes) -> tuple[Kind, int]:
    """Return kind and length of the body; raises FrameError."""
    number, length = HEADER.unpack(header)
    if number not in set(Kind) or length > MAX_BODY_BYTES:
        msg = f"frame of kind {number} with {length} bytes; known kinds: {[*Kind]}"
        raise FrameError(msg)
    return Kind(number), length


def pack_observation(number: int, observation: Float32Array) -> bytes:
    """Form the frame that asks for a decision on one observation, shape ``(n,)``."""
    body = _NUMBER.pack(number) + observation.astype("<f4").tobytes()
    return pack(Kind.OBSERVATION, body)


def unpack_observation(body: bytes) -> tuple[int, Float32Array]:
    """Return number and observation, shape ``(n,)``."""
    (number,) = _NUMBER.unpack_from(body)
    values: Float32Array = np.frombuffer(body, dtype="<f4", offset=_NUMBER.size).astype(np.float32)
    return int(number), values


def pack_action(number: int, compute_s: float, action: FloatArray) -> bytes:
    """Form the answer to an observation; action of shape ``(n,)``, physical units."""
    body = _ANSWER.pack(number, compute_s) + action.astype("<f8").tobytes()
    return pack(Kind.ACTION, body)


def unpack_action(body: bytes) -> tuple[int, float, FloatArray]:
    """Return number, compute time (s) and action, shape ``(n,)``; raises FrameError."""
    if len(body) < _ANSWER.size or (len(body) - _ANSWER.size) % 8:
        msg = f"answer of {len(body)} bytes; the worker is of another version"
        raise FrameError(msg)
    number, compute_s = _ANSWER.unpack_from(body)
    values: FloatArray = np.frombuffer(body, dtype="<f8", offset=_ANSWER.size).astype(np.float64)
    return int(number), float(compute_s), values
