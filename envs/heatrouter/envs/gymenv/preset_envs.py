"""The presets as Gymnasium environments: what each asks of a controller.

``help(BatteryFabEnv)`` shows all of Gymnasium's sections; `described` writes those that are alike.
"""

from typing import ClassVar

from heatrouter.envs.gymenv.described import (
    balancing,
    described,
    prices,
    release,
    room_offset,
    supply_offset,
)
from heatrouter.envs.gymenv.district_env import DistrictEnv

EnergyWebEnv = DistrictEnv
"""Described there; ``energy-web`` is its default."""


@described(
    balancing("warm tank"),
    balancing("hot tank"),
    supply_offset("warm circuit"),
    supply_offset("hot circuit"),
)
class BatteryFabEnv(DistrictEnv):
    """Share a battery plant's warm water between a chip fab and a heat pump, at the least cost.

    ## Description
    A battery plant's cooling water heats a warm circuit that preheats a chip fab; a heat pump
    lifts what is left into a hot circuit with the fab's reheat and two town quarters. Which
    circuit gets the plant's heat, and when it is worth its electricity, changes by the hour and
    with the week.
    """

    preset: ClassVar[str] = "battery-fab"


@described(
    balancing("accumulator"),
    balancing("town tank"),
    supply_offset("transmission"),
    supply_offset("town"),
)
class KalundborgEnv(DistrictEnv):
    """Heat a town with a refinery, a power station, sewage and cooling, at the least cost.

    ## Description
    A hot transmission circuit with a refinery and a wood-fired power station feeds the town's
    circuit through an exchanger; heat pumps on treated sewage and on process cooling feed in
    there. Wood, gas and electricity compete by the hour, over two tanks.
    """

    preset: ClassVar[str] = "kalundborg"


@described(
    prices("PCM store"),
    balancing("works buffer"),
    balancing("village tank"),
    supply_offset("works circuit"),
    supply_offset("village"),
    release("moulds"),
    release("ladles"),
)
class FoundryCascadeEnv(DistrictEnv):
    """Cascade a furnace's heat through moulds and a village, at the least cost.

    ## Description
    A glass furnace's exhaust preheats moulds and ladles before their own ovens; a store of salt
    hydrate is charged on command, and the rest goes to a village. Moulds may wait six hours: when
    a charge is released decides whose heat and whose electricity it takes.
    """

    preset: ClassVar[str] = "foundry-cascade"


@described(balancing("tank"), supply_offset())
class SludgeBiogasEnv(DistrictEnv):
    """Burn a digester's gas when it is worth most, at the least cost.

    ## Description
    Sludge of food plants is digested; a gas holder with a fill-level sensor feeds a boiler and an
    engine, beside fryers' vapour, a heat pump on refrigeration, and gas. Gas that does not fit
    into the holder is flared, so room in it is worth something.
    """

    preset: ClassVar[str] = "sludge-biogas"


@described(
    balancing("tank"),
    supply_offset(),
    room_offset("west block"),
    room_offset("middle block"),
    room_offset("east block"),
)
class TomatoPiesteritzEnv(DistrictEnv):
    """Grow tomatoes on an ammonia plant's heat that may stop, at the least cost.

    ## Description
    Fifteen hectares of tomatoes on an ammonia plant's heat, with a gas engine, boilers and a
    tank. The plant stops now and then for weeks. Three blocks of greenhouse hold heat in their
    air for an hour or two and may leave their set-points by 3 K.
    """

    preset: ClassVar[str] = "tomato-piesteritz"


@described(balancing("tank"), supply_offset())
class CityMeshEnv(DistrictEnv):
    """Run a town's network of hundreds of pipes, at the least cost.

    ## Description
    A generated town: 250 pipes with twelve rings, some 180 quarters, five sources of waste heat
    at different ends, engines, boilers and a tank in the middle. It is there for its size; larger
    ones come from ``heatrouter districts generate``.
    """

    preset: ClassVar[str] = "city-mesh"
