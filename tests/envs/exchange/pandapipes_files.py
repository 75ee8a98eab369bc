"""Small pandapipes networks, written as the JSON of ``pandapipes.to_json``."""

import json
from typing import Any

Tables = dict[str, list[dict[str, Any]]]


def written(tables: Tables) -> str:
    """The JSON text of some tables."""
    objects: dict[str, Any] = {"name": "small"}
    for name, rows in tables.items():
        columns = [*dict.fromkeys(key for row in rows for key in row if key != "index")]
        frame = {
            "columns": columns,
            "index": [row.get("index", i) for i, row in enumerate(rows)],
            "data": [[row.get(column) for column in columns] for row in rows],
        }
        objects[name] = {
            "_module": "pandas.core.frame",
            "_class": "DataFrame",
            "_object": json.dumps(frame),
            "orient": "split",
        }
    head = {"_module": "pandapipes.pandapipes_net", "_class": "pandapipesNet"}
    return json.dumps({**head, "_object": objects})


def pipe(start: int, end: int, metres: float, name: str = "", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "from_junction": start,
        "to_junction": end,
        "length_km": metres / 1000.0,
        "inner_diameter_mm": 107.1,
        "k_mm": 0.05,
        "loss_coefficient": 0.0,
        "u_w_per_m2k": 0.8,
        "text_k": 281.15,
        "in_service": True,
    } | more


def ring() -> Tables:
    """A pump at 0, a ring 1-2-3-4 and two houses at 5 and 6; returns are numbered 10 higher.

    Return pipes point the other way round, and are listed in another order.
    """
    ways = [(0, 1, 50.0), (1, 2, 100.0), (2, 3, 70.0), (3, 4, 130.0), (4, 1, 90.0),
            (2, 5, 20.0), (3, 6, 35.0)]  # fmt: skip
    supply = [pipe(a, b, metres, f"s{a}{b}") for a, b, metres in ways]
    back = [pipe(b + 10, a + 10, metres, f"return{a}{b}") for a, b, metres in reversed(ways)]
    return {
        "junction": [
            {"index": i, "name": f"j{i}", "pn_bar": 5.0, "tfluid_k": 330.0, "in_service": True}
            for i in (*range(7), *range(10, 17))
        ],
        "junction_geodata": [
            {"index": i, "x": 100.0 * (i % 10), "y": float(i)} for i in (*range(7), *range(10, 17))
        ],
        "pipe": [*supply, *back],
        "circ_pump_pressure": [
            {
                "name": "Plant",
                "return_junction": 10,
                "flow_junction": 0,
                "p_flow_bar": 8.0,
                "plift_bar": 4.0,
                "t_flow_k": 353.15,
                "in_service": True,
            }
        ],
        "heat_consumer": [
            {
                "name": name,
                "from_junction": at,
                "to_junction": at + 10,
                "qext_w": watt,
                "controlled_mdot_kg_per_s": None,
                "deltat_k": 30.0,
                "treturn_k": None,
                "in_service": True,
            }
            for name, at, watt in (("Nord", 5, 100e3), ("Süd", 6, 150e3))
        ],
    }
