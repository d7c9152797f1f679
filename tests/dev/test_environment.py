"""Settings that ./dev composes: what a developer may give, what is refused, what never reaches a test."""

from pathlib import Path

import pytest

from tools.dev import environment
from tools.dev.environment import Bind, parse_bind
from tools.dev.layout import Layout
from tools.dev.terminal import Failure

LAYOUT = Layout(root=Path("/srv/checkout"), state=Path("/srv/checkout/.dev"))


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        ("127.0.0.1:8000", Bind("127.0.0.1", 8000)),
        ("8001", Bind("127.0.0.1", 8001)),
        (":8002", Bind("127.0.0.1", 8002)),
        ("[::1]:8003", Bind("::1", 8003)),
        ("grid.local:65535", Bind("grid.local", 65535)),
    ],
)
def test_an_address_may_be_written_short(text: str, bind: Bind) -> None:
    assert parse_bind(text) == bind


@pytest.mark.parametrize("text", ["", "eighty", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:8000", "a b:80"])
def test_a_wrong_address_is_refused_by_the_name_of_its_variable(text: str) -> None:
    with pytest.raises(Failure, match="GRIDWARD_HTTP_BIND"):
        parse_bind(text)


def test_an_address_for_everybody_is_opened_as_localhost() -> None:
    assert parse_bind("0.0.0.0:8000").url == "http://localhost:8000"
    assert parse_bind("[::1]:8000").url == "http://[::1]:8000"


def test_a_settings_file_holds_names_and_values_only(tmp_path: Path) -> None:
    path = tmp_path / "dev.env"
    path.write_text("# my port\n\nGRIDWARD_HTTP_BIND=8001\nGRIDWARD_TOWN_SCALE=0.1\n")
    assert environment.read_env_file(path) == {"GRIDWARD_HTTP_BIND": "8001", "GRIDWARD_TOWN_SCALE": "0.1"}


@pytest.mark.parametrize("line", ["GRIDWARD_HTTP_BIND", "PATH=/x", "export GRIDWARD_ENV=test", "gridward_env=test"])
def test_a_line_that_is_no_setting_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "dev.env"
    path.write_text(f"# first\n{line}\n")
    with pytest.raises(Failure, match="line 2"):
        environment.read_env_file(path)


def test_the_environment_overrules_the_file(tmp_path: Path) -> None:
    (tmp_path / "dev.env").write_text("GRIDWARD_HTTP_BIND=8001\nGRIDWARD_TOWN_SCALE=0.1\n")
    given = environment.given_settings(tmp_path, {"GRIDWARD_HTTP_BIND": "8002", "HOME": "/home/a"})
    assert given == {"GRIDWARD_HTTP_BIND": "8002", "GRIDWARD_TOWN_SCALE": "0.1"}


@pytest.mark.parametrize("name", environment.OWNED)
def test_a_foreign_server_is_refused_and_not_ignored(tmp_path: Path, name: str) -> None:
    with pytest.raises(Failure, match=name):
        environment.given_settings(tmp_path, {name: "elsewhere"})


def test_two_state_folders_share_no_socket() -> None:
    here = environment.layout_of(Path("/srv/checkout"), {})
    there = environment.layout_of(Path("/srv/checkout"), {"GRIDWARD_STATE_DIR": "/var/other"})
    assert here.state == Path("/srv/checkout/.dev")
    assert there.state == Path("/var/other")
    assert here.sockets != there.sockets


def test_a_socket_path_fits_the_kernel_however_deep_the_checkout_lies() -> None:
    layout = Layout(root=Path("/" + "deep/" * 60), state=Path("/" + "deep/" * 60 + ".dev"))
    assert len(str(layout.postgres_sockets / ".s.PGSQL.5432.lock")) <= 107


def test_a_given_setting_reaches_the_demo_and_no_test() -> None:
    given = {"GRIDWARD_TRACK_RETENTION_DAYS": "7", "GRIDWARD_HTTP_BIND": "8001", "GRIDWARD_TOWN_SCALE": "10"}
    demo, test = environment.demo_settings(LAYOUT, given), environment.test_settings(LAYOUT)
    assert demo["GRIDWARD_TRACK_RETENTION_DAYS"] == "7"
    assert demo["GRIDWARD_PUBLIC_URL"] == "http://127.0.0.1:8001"
    assert "GRIDWARD_TRACK_RETENTION_DAYS" not in test
    assert test["GRIDWARD_TOWN_SCALE"] == "0.1"


def test_demo_and_test_share_neither_database_nor_redis_nor_folders() -> None:
    demo, test = environment.demo_settings(LAYOUT, {}), environment.test_settings(LAYOUT)
    for name in ("DATABASE_NAME", "REDIS_SOCKET", "MEDIA_DIR", "DATA_DIR"):
        assert demo[f"GRIDWARD_{name}"] != test[f"GRIDWARD_{name}"], name


def test_a_given_secret_replaces_the_file_of_the_checkout() -> None:
    demo = environment.demo_settings(LAYOUT, {"GRIDWARD_SECRET_KEY": "x" * 40})
    assert demo["GRIDWARD_SECRET_KEY"] == "x" * 40
    assert "GRIDWARD_SECRET_KEY_FILE" not in demo
    assert "GRIDWARD_FIELD_KEY_FILE" in demo


def test_a_child_sees_only_the_composed_settings() -> None:
    environ = {"GRIDWARD_ENV": "production", "DJANGO_SETTINGS_MODULE": "other", "HOME": "/home/a", "PATH": "/usr/bin"}
    child = environment.process_environment(LAYOUT, {"GRIDWARD_ENV": "test"}, environ)
    assert child["GRIDWARD_ENV"] == "test"
    assert child["DJANGO_SETTINGS_MODULE"] == "backend.config.settings"
    assert child["HOME"] == "/home/a"
    assert child["PATH"].startswith("/srv/checkout/.dev/venv/bin:")


def test_production_settings_look_like_a_server() -> None:
    settings = environment.production_settings(LAYOUT)
    assert settings["GRIDWARD_ENV"] == "production"
    assert settings["GRIDWARD_PUBLIC_URL"].startswith("https://")
