"""Properties of water at the mean temperature of a test: constant within it, as in a circuit."""

HEAT_CAPACITY_J_KGK = 4182.0
"""Within 0.2 % from 10 to 75 degC (IAPWS)."""


def water_density_kg_m3(temp_c: float) -> float:
    """Density of water at atmospheric pressure, kg/m3, for 0..100 degC.

    rho = 1000 (1 - (T + 288.9414)(T - 3.9863)^2 / (508929.2 (T + 68.12963))), which the Standard
    Handbook of Hydrological Data (McCutcheon, Martin and Barnwell 1993) gives; within 0.1 % of
    IAPWS up to 70 degC.

    Args:
        temp_c: degC.
    """
    lighter = (temp_c + 288.9414) * (temp_c - 3.9863) ** 2 / (508929.2 * (temp_c + 68.12963))
    return 1000.0 * (1.0 - lighter)
