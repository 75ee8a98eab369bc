"""Reading districts and tasks: presets, all mistakes at once, and what the text may not do."""

import math
from pathlib import Path

import pytest
import yaml

from heatrouter.envs.cli import main
from heatrouter.envs.errors import DistrictError, HeatrouterError, TaskError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import (
    load_district,
    load_task,
    parse_district,
    parse_task,
    preset_names,
    preset_text,
)
from heatrouter.envs.spec.rule_parameters import RuleParameters

REPOSITORY = Path(__file__).parents[3]

TEN_MISTAKES = (
    ("length_m: 330.0", "length_m: 0.0", "pipes[2].length_m"),
    ("length_m: 450.0", "lenght_m: 450.0", "pipes[3].lenght_m"),
    ("to_location: hill_quarter", "to_location: hil_quarter", "pipes[4].to_location"),
    ("volume_m3: 800.0", "volume_m3: .nan", "units[7].volume_m3"),
    ("empty_temp_c: 45.0", "empty_temp_c: 88.0", "units[7].empty_temp_c"),
    ("min_exhaust_temp_c: 160.0", "min_exhaust_temp_c: 310.0", "units[0].min_exhaust_temp_c"),
    ("kind: boiler", "kind: boilr", "units[5].kind"),
    ("timezone: Europe/Berlin", "timezone: Europe/Berln", "site.timezone"),
    ("max_head_bar: 8.0", "max_head_bar: 0.5", "circuits[0].dp_control.max_head_bar"),
    ("capacity_kw: 2400.0", "capacity_kw: many", "units[3].capacity_kw"),
)


def changed(*pairs: tuple[str, str]) -> str:
    text = preset_text("energy-web")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def mistakes_of(text: str) -> dict[str, str]:
    with pytest.raises(DistrictError) as caught:
        parse_district(text)
    found = {m.path: m.message for m in caught.value.mistakes}
    assert len(found) == len(caught.value.mistakes), "a path is reported twice"
    return found


@pytest.mark.parametrize("name", preset_names())
def test_presets_load(name: str) -> None:
    assert load_district(name).name == name
    assert load_task(name).district == name


def test_a_wrong_entry_does_not_hide_the_list_it_stands_in() -> None:
    """The only circuit has a wrong pump and a wrong root: two mistakes, and no others follow."""
    found = mistakes_of(
        changed(("efficiency: 0.65", "efficiency: 1.9"), ("root: central", "root: x"))
    )
    assert sorted(found) == ["circuits[0].dp_control.efficiency", "circuits[0].root"]


def test_ten_mistakes_are_ten_messages_with_their_paths() -> None:
    found = mistakes_of(changed(*((old, new) for old, new, _ in TEN_MISTAKES)))
    assert sorted(found) == sorted(path for _, _, path in TEN_MISTAKES)
    assert found["pipes[2].length_m"].startswith("0.0 must be > 0 and <= 50000 m")
    assert "did you mean 'length_m'" in found["pipes[3].lenght_m"]
    assert "did you mean 'hill_quarter'" in found["pipes[4].to_location"]
    assert "did you mean 'boiler'" in found["units[5].kind"]
    assert all("(line " in message for message in found.values())


def test_command_line_prints_all_mistakes_and_leaves_with_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ten.yaml"
    file.write_text(changed(*((old, new) for old, new, _ in TEN_MISTAKES)), encoding="utf-8")
    assert main(["districts", "check", str(file)]) == 78
    printed = capsys.readouterr().err
    assert "10 mistakes" in printed
    for _, _, path in TEN_MISTAKES:
        assert f"{path}: " in printed


@pytest.mark.parametrize(
    ("old", "new", "path", "part"),
    [
        ("length_m: 330.0", "length_m: .inf", "pipes[2].length_m", "not finite"),
        ("length_m: 330.0", "length_m: true", "pipes[2].length_m", "not a number"),
        ("length_m: 330.0", "length_m: [1, 2]", "pipes[2].length_m", "a list is not a number"),
        ("layers: 12", "layers: 12.5", "units[7].layers", "not a whole number"),
        ("name: mill_branch", "name: Mill branch", "pipes[2].name", "is no name"),
        ("name: mill_branch", "name: trunk_1", "pipes[2].name", "used 2 times"),
        ("root: central", "root: nowhere", "circuits[0].root", "is no location"),
        ("balancing: [tank,", "balancing: [tonk,", "circuits[0].balancing[0]", "did you mean"),
        ("balancing: [tank,", "balancing: [tank, tank,", "circuits[0].balancing[1]", "twice"),
        ("inlet_location: mill_bridge", "# none", "units[1].inlet_location", "is missing"),
        ("source: chip_fab_cooling", "source: tank", "units[3].source", "is no cooling_load"),
        ("supply_temp_min_c: 70.0", "supply_temp_min_c: 96.0", None, "must be < supply_temp_max_c"),
        ("max_sink_temp_c: 90.0", "max_sink_temp_c: 66.0", "units[3].max_sink_temp_c", ">="),
        ("primary_return_c: 48.0", "primary_return_c: 86.0", None, "must be < primary_supply_c"),
        ("secondary_supply_c: 70.0", "secondary_supply_c: 86.0", None, "must be <"),
        ("water_outlet_temp_c: 24.0", "water_outlet_temp_c: 30.0", None, "must be <"),
        ("casing_diameter_m: 0.16", "casing_diameter_m: 0.08", None, "the pipe inside it"),
        ("head_drop_bar_per_kg2_s2: 1.5e-4", "head_drop_bar_per_kg2_s2: 1.0", None, "cannot lift"),
        ("days: [sat, sun]", "days: [sat, son]", None, "did you mean 'sun'"),
        ("hypothetical: true", "hypothetical: 1", "hypothetical", "not true or false"),
        ("schema_version: 1", "schema_version: 2", "schema_version", "must be 1"),
        (
            "from_location: glass_lane",
            "from_location: east_gate",
            "pipes[8].to_location",
            "somewhere else",
        ),
    ],
)
def test_each_mistake_names_its_place(old: str, new: str, path: str | None, part: str) -> None:
    found = mistakes_of(changed((old, new)))
    if path is not None:
        assert path in found, found
        assert part in found[path], found
    else:
        assert any(part in message for message in found.values()), found


def test_a_place_without_pipes_is_reported_with_its_consumer() -> None:
    text = preset_text("energy-web")
    line = next(part for part in text.splitlines() if "name: hill_branch" in part)
    found = mistakes_of(text.replace(line, ""))
    assert list(found) == ["circuits[0].locations[5]"]
    assert "'hill_quarter' of 'town_hill' has no path of pipes" in found["circuits[0].locations[5]"]


def test_one_wrong_name_is_not_reported_as_a_lost_place_too() -> None:
    found = mistakes_of(changed(("to_location: hill_quarter", "to_location: hill_quarte")))
    assert list(found) == ["pipes[4].to_location"]


def test_a_key_given_twice_is_refused_with_both_lines() -> None:
    found = mistakes_of(changed(("volume_m3: 800.0", "volume_m3: 800.0\n    volume_m3: 800.0")))
    assert list(found) == ["units[7].volume_m3"]
    assert "given twice" in found["units[7].volume_m3"]


def test_merged_keys_may_be_overridden_but_not_repeated() -> None:
    found = mistakes_of(changed(("floor_c: 60.0", "floor_c: 60.0\n    hot_water_floor_c: 61.0")))
    assert len(found) == 1, "the anchor's mistake shows once, not at every alias"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("- a\n- b\n", "no mapping"),
        ("just words", "no mapping"),
        ("a: [1, 2\nb: 3\n", "no valid YAML"),
        ("a: 1\n\tb: 2\n", "line 2"),
        ("a: !!python/object/apply:os.system [ls]\n", "not allowed"),
        ("a: !secret b\n", "not allowed"),
        ("a: &a [*a]\n", "an alias refers to a part that holds it"),
        ("a: " + "[" * 60 + "]" * 60, "nested"),
        ("a: " + "[" * 5000, "nested"),
        ("? [1, 2]\n: 3\n", "a key must be a word"),
        ("a: *nobody\n", "undefined alias"),
        ("<<: 5\n", "merges mappings only"),
        ('a: "\\UFFFFFFFF"\n', "no valid YAML"),
        ("a: \x00\n", "no valid YAML"),
        ("a: 1\n---\nb: 2\n", "no valid YAML"),
    ],
)
def test_broken_text_becomes_a_message(text: str, part: str) -> None:
    with pytest.raises(DistrictError) as caught:
        parse_district(text)
    assert part in str(caught.value)


def test_aliases_cannot_unfold_into_a_bomb() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(DistrictError, match="unfold to more than"):
        parse_district("\n".join(lines))


def test_numbers_follow_yaml_1_2() -> None:
    district = parse_district(
        changed(("floor_area_m2: 20000.0", "floor_area_m2: 2e4"), ("layers: 12", "layers: 0012"))
    )
    assert district.unit("greenhouse") == load_district("energy-web").unit("greenhouse")
    found = mistakes_of(changed(("floor_area_m2: 20000.0", "floor_area_m2: 5:30")))
    assert "'5:30' is not a number" in found["units[15].floor_area_m2"]
    found = mistakes_of(changed(("volume_m3: 800.0", f"volume_m3: {'9' * 5000}")))
    assert "units[7].volume_m3" in found


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    cases = {
        tmp_path / "none.yaml": "no such file",
        tmp_path: "a folder",
        Path("bad\x00name.yaml"): "cannot be read",
    }
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"a: \xff\xfe\n")
    cases[binary] = "line 1 is no UTF-8"
    for path, part in cases.items():
        with pytest.raises(DistrictError, match=part):
            load_district(path)
    with pytest.raises(DistrictError, match="did you mean 'energy-web'"):
        load_district("energy-wep")
    with pytest.raises(HeatrouterError, match="neither a preset nor a file"):
        load_task("")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "bom.yaml"
    file.write_text(preset_text("energy-web"), encoding="utf-8-sig")
    assert load_district(file) == load_district(str(file)) == load_district("energy-web")


def test_the_digest_is_of_the_meaning_not_the_text() -> None:
    first = load_district("energy-web")
    again = parse_district(yaml.safe_dump(first.model_dump(mode="json")))
    assert again.digest == first.digest
    assert parse_district(changed(("length_m: 330.0", "length_m: 331.0"))).digest != first.digest


def test_cross_checks_are_part_of_the_district() -> None:
    district = load_district("energy-web")
    assert district.cross_check() == []
    tank = district.unit("tank").model_copy(update={"empty_temp_c": 90.0})
    units = tuple(tank if u.name == "tank" else u for u in district.units)
    broken: District = district.model_copy(update={"units": units})
    assert [path for path, _ in broken.cross_check()] == ["units[7].empty_temp_c"]


def test_task_mistakes() -> None:
    text = (REPOSITORY / "configs/tasks/energy-web.yaml").read_text(encoding="utf-8")
    for old, new, part in (
        ("sim_dt_s: 60.0", "sim_dt_s: 70.0", "no whole multiple"),
        ("[1.0, 2.0]", "[2.0, 2.0]", "forecast.window_hours[1]: [2.0, 2.0] must run from"),
        ("lags_s: [900.0", "lags_s: [0.0", "lags_s[0]: 0.0 must be > 0 s"),
        ("heat_price", "heat_prise", "did you mean 'heat_price'"),
        ("unmet_eur_per_mwh: 800.0", "unmet: 1", "unmet_eur_per_mwh"),
        ("[1.0, 2.0]", "[1.0]", "forecast.window_hours[1]"),
    ):
        with pytest.raises(TaskError) as caught:
            parse_task(text.replace(old, new, 1))
        assert part in str(caught.value), caught.value


def test_the_task_that_users_edit_is_the_packaged_one() -> None:
    packaged = REPOSITORY / "envs/heatrouter/envs/presets/energy-web.task.yaml"
    assert (REPOSITORY / "configs/tasks/energy-web.yaml").read_bytes() == packaged.read_bytes()
    assert load_task(packaged) == load_task("energy-web")


@pytest.mark.parametrize("name", preset_names())
def test_pipes_are_as_long_as_the_map_says_at_least(name: str) -> None:
    district = load_district(name)
    places = {m.name: (m.x_m, m.y_m) for m in district.locations}
    for pipe in district.pipes:
        straight = math.dist(places[pipe.from_location], places[pipe.to_location])
        assert pipe.length_m >= straight, pipe.name


def test_a_task_names_its_rules_or_holds_them(tmp_path: Path) -> None:
    """By the name of a preset, by a file beside the task wherever the user stands, or by values."""
    text = (REPOSITORY / "configs/tasks/energy-web.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("rules:")]
    (tmp_path / "mine.rules.yaml").write_text("charge_hours: 7\n", encoding="utf-8")
    file = tmp_path / "task.yaml"
    for rules, expected in (
        ("", RuleParameters()),
        ("rules: {charge_hours: 7}", RuleParameters(charge_hours=7.0)),
        ("rules: mine.rules.yaml", RuleParameters(charge_hours=7.0)),
        ("rules: kalundborg", load_task("kalundborg").rules),
    ):
        file.write_text("\n".join([*kept, rules]), encoding="utf-8")
        assert load_task(file).rules == expected
    assert load_task("kalundborg").rules != RuleParameters()


def test_mistakes_of_named_rules_do_not_hide_those_of_the_task(tmp_path: Path) -> None:
    text = (REPOSITORY / "configs/tasks/energy-web.yaml").read_text(encoding="utf-8")
    text = text.replace("sim_dt_s: 60.0", "sim_dt_s: 6000.0")
    (tmp_path / "mine.yaml").write_text("charge_hours: 0\nnight: 1\n", encoding="utf-8")
    file = tmp_path / "task.yaml"
    for named, paths in (
        ("mine.yaml", {"rules.charge_hours", "rules.night", "sim_dt_s"}),
        ("none.yaml", {"rules", "sim_dt_s"}),
        ("kalundborgg", {"rules", "sim_dt_s"}),
    ):
        file.write_text(text.replace("rules: energy-web", f"rules: {named}"), encoding="utf-8")
        with pytest.raises(TaskError) as caught:
            load_task(file)
        assert {mistake.path for mistake in caught.value.mistakes} == paths
