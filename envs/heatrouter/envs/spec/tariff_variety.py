"""How far tariffs of training years may lie from those of today's market."""

from typing import Annotated

from pydantic import AfterValidator, Field

from heatrouter.envs.spec.base import Described


def _in_order(factors: tuple[float, float]) -> tuple[float, float]:
    low, high = factors
    if not 0.0 < low <= high <= 10.0:
        message = f"[{low:g}, {high:g}] must be two factors in order, above 0 and up to 10"
        raise ValueError(message)
    return factors


Factors = Annotated[tuple[float, float], AfterValidator(_in_order)]
"""Lowest and highest factor; drawn alike over their logarithm."""


class TariffVariety(Described):
    """Some years with tariffs of another market: other levels, other swings, a cleaner grid.

    Generated years scatter round one market. A policy that is to work in another one, or in the
    same one ten years on, has to have seen that fuel can be cheap.
    """

    share: float = Field(
        0.5, gt=0.0, le=1.0, description="of the years, spread evenly; the others stay as they are"
    )
    gas: Factors = Field((0.15, 1.5), description="on the gas price")
    co2: Factors = Field((0.2, 1.3), description="on the CO2 price")
    electricity: Factors = Field(
        (0.6, 1.6), description="on the electricity price over the fuel cost of a gas-fired plant"
    )
    swing: Factors = Field(
        (0.5, 1.6), description="on what hours differ from the year's mean electricity price"
    )
    carbon: Factors = Field((0.3, 1.1), description="on the carbon intensity of electricity")


__all__ = ["Factors", "TariffVariety"]
