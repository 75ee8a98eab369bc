"""The presets as Gymnasium environments: what each asks of a controller."""

from typing import ClassVar

from heatrouter.envs.gymenv.district_env import DistrictEnv

EnergyWebEnv = DistrictEnv
"""Described there; ``energy-web`` is its default."""


class BatteryFabEnv(DistrictEnv):
    """Share a battery plant's warm water between a chip fab and a heat pump, at the least cost.

    ## Description
    A battery plant's cooling water heats a warm circuit that preheats a chip fab; a heat pump
    lifts what is left into a hot circuit with the fab's reheat and two town quarters. Which
    circuit gets the plant's heat, and when it is worth its electricity, changes by the hour and
    with the week.

    ## Action Space
    A ``Box(-1, 1)`` of float32; -1, 0 and 1 mean the channel's low, neutral and high value.

    | Num | Action | Min | Max | Unit |
    |-----|--------|-----|-----|------|
    | 0 | price of heat in the empty warm tank | contract | contract | EUR/MWh |
    | 1 | price of heat in the full warm tank | contract | contract | EUR/MWh |
    | 2 | target level of the warm tank | 0 | 1 | 1 |
    | 3 | price of heat in the empty hot tank | contract | contract | EUR/MWh |
    | 4 | price of heat in the full hot tank | contract | contract | EUR/MWh |
    | 5 | target level of the hot tank | 0 | 1 | 1 |
    | 6 | offset of the warm circuit's supply temperature | -8 | 8 | K |
    | 7 | offset of the hot circuit's supply temperature | -8 | 8 | K |

    ## Observation Space
    A ``Box`` of float32, one entry per channel of ``env.unwrapped.contract.observation``, as in
    :class:`.DistrictEnv`.

    ## Rewards
    Minus the cost of the control step in EUR, as in :class:`.DistrictEnv`.

    ## Starting State
    A random step of a random scenario, after an hour of warm-up.

    ## Episode End
    Never terminated; truncated after ``task.episode_hours``.

    ## Arguments
    ``gym.make("heatrouter.envs.gymenv:BatteryFab-v0")``; arguments of :class:`.DistrictEnv`.

    ## Version History
    - v0: first version.
    """

    preset: ClassVar[str] = "battery-fab"


class KalundborgEnv(DistrictEnv):
    """Heat a town with a refinery, a power station, sewage and cooling, at the least cost.

    ## Description
    A hot transmission circuit with a refinery and a wood-fired power station feeds the town's
    circuit through an exchanger; heat pumps on treated sewage and on process cooling feed in
    there. Wood, gas and electricity compete by the hour, over two tanks.

    ## Action Space
    A ``Box(-1, 1)`` of float32; -1, 0 and 1 mean the channel's low, neutral and high value.

    | Num | Action | Min | Max | Unit |
    |-----|--------|-----|-----|------|
    | 0 | price of heat in the empty accumulator | contract | contract | EUR/MWh |
    | 1 | price of heat in the full accumulator | contract | contract | EUR/MWh |
    | 2 | target level of the accumulator | 0 | 1 | 1 |
    | 3 | price of heat in the empty town tank | contract | contract | EUR/MWh |
    | 4 | price of heat in the full town tank | contract | contract | EUR/MWh |
    | 5 | target level of the town tank | 0 | 1 | 1 |
    | 6 | offset of the transmission's supply temperature | -8 | 8 | K |
    | 7 | offset of the town's supply temperature | -8 | 8 | K |

    ## Observation Space
    A ``Box`` of float32, one entry per channel of ``env.unwrapped.contract.observation``, as in
    :class:`.DistrictEnv`.

    ## Rewards
    Minus the cost of the control step in EUR, as in :class:`.DistrictEnv`.

    ## Starting State
    A random step of a random scenario, after an hour of warm-up.

    ## Episode End
    Never terminated; truncated after ``task.episode_hours``.

    ## Arguments
    ``gym.make("heatrouter.envs.gymenv:Kalundborg-v0")``; arguments of :class:`.DistrictEnv`.

    ## Version History
    - v0: first version.
    """

    preset: ClassVar[str] = "kalundborg"


class FoundryCascadeEnv(DistrictEnv):
    """Cascade a furnace's heat through moulds and a village, at the least cost.

    ## Description
    A glass furnace's exhaust preheats moulds and ladles before their own ovens; a store of salt
    hydrate is charged on command, and the rest goes to a village. Moulds may wait six hours: when
    a charge is released decides whose heat and whose electricity it takes.

    ## Action Space
    A ``Box(-1, 1)`` of float32; -1, 0 and 1 mean the channel's low, neutral and high value.

    | Num | Action | Min | Max | Unit |
    |-----|--------|-----|-----|------|
    | 0 | price of heat in the empty PCM store | contract | contract | EUR/MWh |
    | 1 | price of heat in the full PCM store | contract | contract | EUR/MWh |
    | 2 | price of heat in the empty works buffer | contract | contract | EUR/MWh |
    | 3 | price of heat in the full works buffer | contract | contract | EUR/MWh |
    | 4 | target level of the works buffer | 0 | 1 | 1 |
    | 5 | price of heat in the empty village tank | contract | contract | EUR/MWh |
    | 6 | price of heat in the full village tank | contract | contract | EUR/MWh |
    | 7 | target level of the village tank | 0 | 1 | 1 |
    | 8 | offset of the works circuit's supply temperature | -8 | 8 | K |
    | 9 | offset of the village's supply temperature | -8 | 8 | K |
    | 10 | release of moulds | 0 | 1 | 1 |
    | 11 | release of ladles | 0 | 1 | 1 |

    ## Observation Space
    A ``Box`` of float32, one entry per channel of ``env.unwrapped.contract.observation``, as in
    :class:`.DistrictEnv`.

    ## Rewards
    Minus the cost of the control step in EUR, as in :class:`.DistrictEnv`.

    ## Starting State
    A random step of a random scenario, after an hour of warm-up.

    ## Episode End
    Never terminated; truncated after ``task.episode_hours``.

    ## Arguments
    ``gym.make("heatrouter.envs.gymenv:FoundryCascade-v0")``; arguments of :class:`.DistrictEnv`.

    ## Version History
    - v0: first version.
    """

    preset: ClassVar[str] = "foundry-cascade"


class SludgeBiogasEnv(DistrictEnv):
    """Burn a digester's gas when it is worth most, at the least cost.

    ## Description
    Sludge of food plants is digested; a gas holder with a fill-level sensor feeds a boiler and an
    engine, beside fryers' vapour, a heat pump on refrigeration, and gas. Gas that does not fit
    into the holder is flared, so room in it is worth something.

    ## Action Space
    A ``Box(-1, 1)`` of float32; -1, 0 and 1 mean the channel's low, neutral and high value.

    | Num | Action | Min | Max | Unit |
    |-----|--------|-----|-----|------|
    | 0 | price of heat in the empty tank | contract | contract | EUR/MWh |
    | 1 | price of heat in the full tank | contract | contract | EUR/MWh |
    | 2 | target level of the tank | 0 | 1 | 1 |
    | 3 | offset of the supply temperature | -8 | 8 | K |

    ## Observation Space
    A ``Box`` of float32, one entry per channel of ``env.unwrapped.contract.observation``, as in
    :class:`.DistrictEnv`.

    ## Rewards
    Minus the cost of the control step in EUR, as in :class:`.DistrictEnv`.

    ## Starting State
    A random step of a random scenario, after an hour of warm-up.

    ## Episode End
    Never terminated; truncated after ``task.episode_hours``.

    ## Arguments
    ``gym.make("heatrouter.envs.gymenv:SludgeBiogas-v0")``; arguments of :class:`.DistrictEnv`.

    ## Version History
    - v0: first version.
    """

    preset: ClassVar[str] = "sludge-biogas"


class TomatoPiesteritzEnv(DistrictEnv):
    """Grow tomatoes on an ammonia plant's heat that may stop, at the least cost.

    ## Description
    Fifteen hectares of tomatoes on an ammonia plant's heat, with a gas engine, boilers and a
    tank. The plant stops now and then for weeks. Three blocks of greenhouse hold heat in their
    air for an hour or two and may leave their set-points by 3 K.

    ## Action Space
    A ``Box(-1, 1)`` of float32; -1, 0 and 1 mean the channel's low, neutral and high value.

    | Num | Action | Min | Max | Unit |
    |-----|--------|-----|-----|------|
    | 0 | price of heat in the empty tank | contract | contract | EUR/MWh |
    | 1 | price of heat in the full tank | contract | contract | EUR/MWh |
    | 2 | target level of the tank | 0 | 1 | 1 |
    | 3 | offset of the supply temperature | -8 | 8 | K |
    | 4 | set-point offset of the west block | -3 | 3 | K |
    | 5 | set-point offset of the middle block | -3 | 3 | K |
    | 6 | set-point offset of the east block | -3 | 3 | K |

    ## Observation Space
    A ``Box`` of float32, one entry per channel of ``env.unwrapped.contract.observation``, as in
    :class:`.DistrictEnv`.

    ## Rewards
    Minus the cost of the control step in EUR, as in :class:`.DistrictEnv`.

    ## Starting State
    A random step of a random scenario, after an hour of warm-up.

    ## Episode End
    Never terminated; truncated after ``task.episode_hours``.

    ## Arguments
    ``gym.make("heatrouter.envs.gymenv:TomatoPiesteritz-v0")``; arguments of :class:`.DistrictEnv`.

    ## Version History
    - v0: first version.
    """

    preset: ClassVar[str] = "tomato-piesteritz"


class CityMeshEnv(DistrictEnv):
    """Run a town's network of hundreds of pipes, at the least cost.

    ## Description
    A generated town: 250 pipes with twelve rings, some 180 quarters, five sources of waste heat
    at different ends, engines, boilers and a tank in the middle. It is there for its size; larger
    ones come from ``heatrouter districts generate``.

    ## Action Space
    A ``Box(-1, 1)`` of float32; -1, 0 and 1 mean the channel's low, neutral and high value.

    | Num | Action | Min | Max | Unit |
    |-----|--------|-----|-----|------|
    | 0 | price of heat in the empty tank | contract | contract | EUR/MWh |
    | 1 | price of heat in the full tank | contract | contract | EUR/MWh |
    | 2 | target level of the tank | 0 | 1 | 1 |
    | 3 | offset of the supply temperature | -8 | 8 | K |

    ## Observation Space
    A ``Box`` of float32, one entry per channel of ``env.unwrapped.contract.observation``, as in
    :class:`.DistrictEnv`.

    ## Rewards
    Minus the cost of the control step in EUR, as in :class:`.DistrictEnv`.

    ## Starting State
    A random step of a random scenario, after an hour of warm-up.

    ## Episode End
    Never terminated; truncated after ``task.episode_hours``.

    ## Arguments
    ``gym.make("heatrouter.envs.gymenv:CityMesh-v0")``; arguments of :class:`.DistrictEnv`.

    ## Version History
    - v0: first version.
    """

    preset: ClassVar[str] = "city-mesh"
