from importlib import import_module

import pytest

from heatrouter.envs import scenarios


@pytest.mark.parametrize("name", sorted(scenarios._EXPORTS))
def test_every_export_resolves(name: str) -> None:
    assert getattr(scenarios, name) is getattr(import_module(scenarios._EXPORTS[name]), name)


def test_all_is_the_sorted_table_and_unknown_names_are_errors() -> None:
    assert scenarios.__all__ == sorted(scenarios._EXPORTS)
    assert set(scenarios.__all__) <= set(dir(scenarios))
    with pytest.raises(AttributeError, match="no attribute 'not_there'"):
        _ = scenarios.not_there
