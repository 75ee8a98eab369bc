"""Exact decimals for what is added up: nothing is rounded but where a record says so."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN as HALF_EVEN
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import Annotated, Final

from pydantic import Field

Exact = Annotated[str, Field(pattern=r"^-?(0|[1-9]\d{0,29})(\.\d{0,59}[1-9])?$", max_length=92)]
"""A decimal number as text, without superfluous zeros."""

HEAT_DECIMALS: Final = 9
"""Digits of a kWh to which heat is rounded before anything is computed from it."""

FACTOR_DECIMALS: Final = 6
"""Digits of a kg/MWh to which emission factors are rounded."""

CENT: Final = Decimal("0.01")

_EXACT: Final = Context(prec=120, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_ROUNDING: Final = Context(prec=120, rounding=HALF_EVEN, traps=[InvalidOperation, DivisionByZero])
_KWH_PER_MWH: Final = Decimal(1000)


def rounded(value: float | Decimal, decimals: int) -> Decimal:
    """The value rounded half to even."""
    exact = value if isinstance(value, Decimal) else Decimal(value)
    return exact.quantize(Decimal(1).scaleb(-decimals), context=_ROUNDING)


def decimal_of(value: float) -> Decimal:
    """The decimal that a user wrote: the shortest one that reads as this float."""
    return Decimal(repr(float(value)))


def written(value: Decimal) -> str:
    """The one way to write a decimal."""
    if not value:
        return "0"
    return format(value.normalize(_EXACT), "f")


def plus(*values: Decimal) -> Decimal:
    """The exact sum."""
    return total(values)


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    result = Decimal(0)
    for value in values:
        result = _EXACT.add(result, value)
    return result


def minus(a: Decimal, b: Decimal) -> Decimal:
    """The exact difference."""
    return _EXACT.subtract(a, b)


def times(a: Decimal, b: Decimal) -> Decimal:
    """The exact product."""
    return _EXACT.multiply(a, b)


def per_mwh(heat_kwh: Decimal, per_mwh_value: Decimal) -> Decimal:
    """The exact product of heat in kWh and something per MWh."""
    return _EXACT.divide(_EXACT.multiply(heat_kwh, per_mwh_value), _KWH_PER_MWH)


def quotient(a: float, b: float, decimals: int) -> Decimal:
    """The quotient of two numbers that a user wrote, rounded half to even."""
    return rounded(_ROUNDING.divide(decimal_of(a), decimal_of(b)), decimals)
