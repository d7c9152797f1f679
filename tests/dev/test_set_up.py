"""Secrets, lock files, package settings and the nginx configuration that ./dev writes."""

import base64
import os
import re
import tomllib
from pathlib import Path

import pytest

from tools.dev import nginx, virtualenv
from tools.dev.environment import demo_settings, parse_bind
from tools.dev.keys import ensure_keys
from tools.dev.layout import Layout, own_folder
from tools.dev.locks import held, tried
from tools.dev.processes import is_process, keep_small
from tools.dev.terminal import Failure, run, tail
from tools.dev.web import version_of

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (virtualenv.RUNTIME_LOCK, virtualenv.DEV_LOCK, virtualenv.NODE_LOCK, virtualenv.BENCH_LOCK)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    ensure_keys(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    ensure_keys(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert len(base64.b64decode(first["field_key"], validate=True)) == 32
    assert len(first["secret_key"]) >= 50
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failure, match="belongs to"):
        own_folder(tmp_path / "sockets", mode=0o711)


def test_a_lock_is_free_again_when_its_holder_leaves(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock, shared=True), held(lock, shared=True), tried(lock) as alone:
        assert not alone
    with tried(lock) as alone:
        assert alone


def test_a_failing_command_names_its_log_and_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        run(["sh", "-c", "echo reason; exit 3"], log=tmp_path / "x.log", failing="it broke", next_step="mend it")
    assert caught.value.what == "it broke (exit code 3)"
    assert caught.value.next_step == "mend it"
    assert tail(tmp_path / "x.log", 5) == ["reason"]


def test_a_process_is_known_by_number_and_name() -> None:
    name = Path("/proc/self/comm").read_text().strip()
    assert is_process(os.getpid(), name)
    assert not is_process(os.getpid(), "redis-server")
    assert not is_process(2**22 + 1, name)


def test_a_grown_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("x" * 11)
    keep_small(log, limit=11)
    assert log.exists()
    keep_small(log, limit=10)
    assert not log.exists()
    assert (tmp_path / "web.log.1").read_text() == "x" * 11


def test_a_mirror_set_for_pip_serves_uv_too() -> None:
    pip = {"index-url": "https://mirror.example/simple", "find-links": "/wheels", "cert": "/etc/ca.pem"}
    uv = virtualenv.uv_settings(pip, {"UV_FIND_LINKS": "/own"})
    assert uv["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert uv["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert "UV_FIND_LINKS" not in uv


def test_one_package_is_cut_out_of_a_lock_with_its_hashes() -> None:
    text = "a==1 \\\n    --hash=sha256:00\n    # via b\nuv==2.3 \\\n    --hash=sha256:11\n"
    text += "uvicorn==4 \\\n    --hash=sha256:22\n"
    assert virtualenv.locked_block(text, "uv") == "uv==2.3 \\\n    --hash=sha256:11\n"
    with pytest.raises(ValueError, match="numpy"):
        virtualenv.locked_block(text, "numpy")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|file:|--index|--find-links|(?<!\w)/(?:home|root|tmp|work)", text)


def test_everything_that_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        virtualenv.RUNTIME_LOCK: project["project"]["dependencies"],
        virtualenv.DEV_LOCK: project["project"]["dependencies"] + project["dependency-groups"]["dev"],
        virtualenv.NODE_LOCK: project["dependency-groups"]["node"],
        virtualenv.BENCH_LOCK: project["dependency-groups"]["bench"],
    }
    for lock, requirements in wanted.items():
        locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        asked = {re.split(r"[\[<>=~!; ]", line)[0].lower().replace("_", "-") for line in requirements}
        assert asked <= locked, f"{lock}: run ./dev lock"


def test_every_lock_file_of_the_root_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(virtualenv, "run", lambda argv, **_: written.append(str(argv[-1])))
    monkeypatch.setattr(virtualenv, "pip_settings", lambda _: {})
    virtualenv.write_locks(Layout(root=ROOT, state=tmp_path))
    assert sorted(written) == sorted(file.name for file in ROOT.glob("requirements*.lock"))


def test_psycopg_3_stays_out_because_django_would_silently_take_it() -> None:
    for lock in LOCKS:
        assert not re.search(r"^psycopg==", (ROOT / lock).read_text(), re.MULTILINE)


def test_the_web_lock_holds_no_download_address() -> None:
    assert '"resolved": "http' not in (ROOT / "web" / "package-lock.json").read_text()


def test_a_program_that_is_no_node_counts_as_none() -> None:
    assert version_of(Path("/bin/true")) == (0, 0)
    assert version_of("echo", "v24.1.2") == (24, 1)


def test_nginx_templates_are_filled_completely(tmp_path: Path) -> None:
    layout = Layout(root=ROOT, state=tmp_path)
    layout.nginx.mkdir()
    bind = parse_bind("127.0.0.1:8000")
    conf = nginx.write_configuration(layout, bind, demo_settings(layout, {}))
    text = conf.read_text() + (layout.nginx / "gridward.conf").read_text()
    assert "${GRIDWARD" not in text
    assert f"unix:{layout.app_sockets}/web.sock" in text
    assert (layout.nginx / "listen.conf").read_text() == "listen 127.0.0.1:8000;\n"
    assert nginx.is_configured_for(layout, bind)
    assert not nginx.is_configured_for(layout, parse_bind("8001"))


def test_a_template_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="GRIDWARD_NEW"):
        nginx.fill("root ${GRIDWARD_NEW}; $host", {})


def test_every_setting_is_explained_in_the_operations_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    read = set(re.findall(r"GRIDWARD_[A-Z0-9_]+[A-Z]", (ROOT / "backend" / "config" / "settings.py").read_text()))
    assert read <= set(re.findall(r"GRIDWARD_[A-Z0-9_]+", page))


def test_compose_passes_on_every_setting_that_a_town_may_change() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    decided_by_the_image = {"MEDIA_DIR", "STATIC_DIR", "DATA_DIR"}
    not_for_a_server = {"REDIS_SOCKET", "REDIS_DATABASE_BASE", "TEST_DATABASE_NAME", "TOWN_SCALE"}
    read = set(re.findall(r"GRIDWARD_([A-Z0-9_]+[A-Z])", (ROOT / "backend" / "config" / "settings.py").read_text()))
    passed_on = {re.sub("_FILE$", "", name) for name in re.findall(r"^ +GRIDWARD_([A-Z0-9_]+):", compose, re.MULTILINE)}
    assert read - decided_by_the_image - not_for_a_server - {"SMS_FILE"} <= passed_on
