"""What guard process and twin worker say to each other: one line of JSON each.

guard -> twin   {"ask": 7, "values": {...}, "applied": [...], "proposal": [...],
"plant_time_s": ..., "clock": [hour, weekday, day of the year]}
twin -> guard   {"ready": true}
{"answer": 7, "horizon_s": 3600, "lowest": [...], "highest": [...]}
{"answer": 7, "failed": "why"}
"""

import json
from collections.abc import Mapping
from typing import Final

LINE_BYTES: Final = 1 << 20


def line(content: Mapping[str, object]) -> bytes:
    """Pack; NaN is refused."""
    return json.dumps(content, allow_nan=False).encode() + b"\n"


def unline(data: bytes) -> dict[str, object]:
    """Unpack.

    Raises:
        ValueError: No JSON.
        TypeError: No JSON object.
    """
    content = json.loads(data)
    if not isinstance(content, dict):
        message = f"not an object: {data[:80]!r}"
        raise TypeError(message)
    return content
