"""What a step is fined for limits that it leaves or comes near to.

The limits and their tolerances are those that an evaluation reports (`agents.evaluation_limits`).
A fine rises linearly from ``margin`` inside a limit to its full height where the limit counts as
left, so that a learner feels the edge before it is over it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from heatrouter.agents.evaluation_limits import Limit, limits_of
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.district import District
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.config_fines import Fine


class LimitFines:
    """Reads fines off the outputs of the simulator.

    Args:
        district: The district.
        fines: What is fined.
        columns: Name to position of the outputs.
        control_dt_s: Length of a step, s.
    """

    def __init__(
        self,
        district: District,
        fines: Sequence[Fine],
        columns: Mapping[str, int],
        control_dt_s: float,
    ) -> None:
        limits = limits_of(district)
        self._columns, self._dt_s = columns, control_dt_s
        self._fined: list[tuple[Fine, tuple[Limit, ...]]] = [
            (fine, tuple(limit for limit in limits if limit.kind == fine.kind)) for fine in fines
        ]

    def __call__(self, outputs: FloatArray) -> dict[str, FloatArray]:
        """Fines of a step, €, by kind of limit.

        Args:
            outputs: Shape ``(num_envs, n_columns)``.

        Returns:
            Each of shape ``(num_envs,)``, under ``fine_<kind>``.
        """
        hours = self._dt_s / SECONDS_PER_HOUR
        found = {}
        for fine, limits in self._fined:
            shares = np.zeros(len(outputs))
            for limit in limits:
                depth = limit.signed_depth(outputs, self._columns, self._dt_s)
                width = fine.margin + limit.tolerance
                if width > 0.0:
                    shares += np.clip((depth + fine.margin) / width, 0.0, 1.0)
                else:
                    shares += depth > 0.0
            found[f"fine_{fine.kind.replace(' ', '_')}"] = shares * (fine.eur_per_h * hours)
        return found
