"""Gymnasium environments of districts.

Gymnasium 1.x finds no environments by itself: naming this module in the id imports it, and
importing it registers.

    gym.make("heatrouter.envs.gymenv:EnergyWeb-v0")
    gym.make_vec("heatrouter.envs.gymenv:EnergyWeb-v0", num_envs=64)
"""

import gymnasium

ENVIRONMENTS = {
    "EnergyWeb-v0": "energy-web",
    "BatteryFab-v0": "battery-fab",
    "Kalundborg-v0": "kalundborg",
    "FoundryCascade-v0": "foundry-cascade",
    "SludgeBiogas-v0": "sludge-biogas",
    "TomatoPiesteritz-v0": "tomato-piesteritz",
    "CityMesh-v0": "city-mesh",
}
"""Id of an environment -> preset of its district and task."""

for _name, _preset in ENVIRONMENTS.items():
    # Guarded, since a second import (a reload, a spawned worker) must not warn of overriding.
    if _name not in gymnasium.registry:
        gymnasium.register(
            id=_name,
            entry_point=f"heatrouter.envs.gymenv.preset_envs:{_name.removesuffix('-v0')}Env",
            vector_entry_point="heatrouter.envs.gymenv.vector_env:DistrictVectorEnv",
            kwargs={"district": _preset, "task": _preset},
            disable_env_checker=True,  # the tests run it; it would double every start
        )

__all__ = ["ENVIRONMENTS"]
