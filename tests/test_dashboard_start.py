"""Starting the dashboard and runs from it: who may look, what is handed on, what is understood of a run's events."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from callkit.app import background, dashboard
from callkit.app.report import call_report, call_view, figure_head, figure_rows
from callkit.config import Config, DashboardSettings
from callkit.errors import CallkitError, StoreError, UsageError
from callkit.store.reader import Snapshot
from tests.chromium import serving
from tests.stores import make_store
from tests.toys import STAGES, Toys


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.8.0.1"])
def test_this_machine_alone_needs_no_sign_in(address: str) -> None:
    dashboard.check_access(DashboardSettings(address=address))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.7", "calls.example.com"])
def test_another_address_needs_a_guard(address: str) -> None:
    with pytest.raises(UsageError, match="beyond this machine"):
        dashboard.check_access(DashboardSettings(address=address))
    dashboard.check_access(DashboardSettings(address=address, trusted_proxy=True))


def test_sign_in_that_is_not_set_up_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = DashboardSettings(address="0.0.0.0", auth=True)
    monkeypatch.setattr(dashboard, "find_spec", lambda name: None)
    with pytest.raises(CallkitError, match="extra-missing"):
        dashboard.check_access(settings)
    monkeypatch.setattr(dashboard, "find_spec", lambda name: object())
    with pytest.raises(CallkitError, match="config-missing"):
        dashboard.check_access(settings)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[auth]\nclient_id = "x"\n')
    dashboard.check_access(settings)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = Config(dashboard=DashboardSettings(port=taken.getsockname()[1]))
        with pytest.raises(UsageError, match="is taken"):
            dashboard.serve(tmp_path / "calls.duckdb", config)


def callkit(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "callkit", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("settings", [["--address", "0.0.0.0"], ["--set", "dashboard.address=::"]])
def test_the_command_refuses_to_listen_unguarded(tmp_path: Path, settings: list[str]) -> None:
    refused = callkit("dashboard", *settings, cwd=tmp_path)
    assert refused.returncode == 2
    assert "without sign-in" in refused.stderr
    assert "trusted_proxy = true" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_command_says_that_a_port_is_taken_and_that_sign_in_is_not_set_up(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = callkit("dashboard", "--port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert refused.returncode == 2
    assert "is taken" in refused.stderr
    refused = callkit("dashboard", "--set", "dashboard.auth=true", cwd=tmp_path)
    assert refused.returncode in (1, 2)
    assert "extra-missing" in refused.stderr or "config-missing" in refused.stderr


def session_status(address: str, host: str) -> int:
    """The answer to a browser that asks for a session, by which everything of a page comes, under a name of ours."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x" * 22 + "==",
    }
    connection.request("GET", "/_stcore/stream", headers={"Host": host, **upgrade})
    return connection.getresponse().status


def test_a_started_dashboard_answers_to_its_own_names_only(tmp_path: Path) -> None:
    with serving(tmp_path / "calls.duckdb") as address:  # no store there yet: it starts all the same
        assert session_status(address, "localhost") == 101
        assert session_status(address, "calls.attacker.example") == 403
    with serving(tmp_path / "calls.duckdb", "dashboard.trusted_proxy=true") as address:
        assert session_status(address, "calls.example.com") == 101


def test_streamlit_sends_no_statistics_and_answers_to_its_own_names_only() -> None:
    alone = dashboard.streamlit_command(DashboardSettings())
    assert "--browser.gatherUsageStats=false" in alone
    assert "--server.allowedHosts=127.0.0.1" in alone
    behind = dashboard.streamlit_command(DashboardSettings(trusted_proxy=True))
    assert not any("allowedHosts" in part for part in behind)


def test_a_session_is_what_was_handed_on(tmp_path: Path) -> None:
    environment = {
        "CALLKIT_DASHBOARD_STORE": str(tmp_path / "calls.duckdb"),
        "CALLKIT_DASHBOARD_OVERRIDES": json.dumps(["transcribe.beam_size=1"]),
        "CALLKIT_DASHBOARD_PROFILE": "fast",
    }
    session = dashboard.session(environment)
    assert session.config.transcribe.beam_size == 1
    command = background.command(session, ["-"], overrides=["audio.keep_muted=true"])
    assert command[2:6] == ["callkit", "run", "-", "--store"]
    assert command[-4:] == ["--set", "transcribe.beam_size=1", "--set", "audio.keep_muted=true"]
    assert command[command.index("--profile") + 1] == "fast"


def test_events_become_progress() -> None:
    progress = background.Progress()
    call = {"call_id": "c1", "source_name": "call.wav"}
    for event in (
        {"event": "run_started", "calls": 2},
        {"event": "call_started", **call},
        {"event": "stage_progress", **call, "stage": "inspect", "share": 0.4},
        {"event": "stage_progress", **call, "stage": "transcribe", "share": 0.5},
        {"event": "something_new", **call},
    ):
        background.note(progress, event)
    assert progress.recordings["c1"].stages == {"inspect": 1.0, "transcribe": 0.5}
    assert (progress.done, progress.total) == (0, 2)
    background.note(progress, {"event": "call_finished", **call, "status": "failed", "what": "why", "hint": "do"})
    background.note(progress, {"event": "duplicate", "call_id": "c1", "source_name": "again.wav"})
    assert [one.status for one in progress.recordings.values()] == ["failed", "duplicate"]
    assert progress.done == 2


def test_a_run_goes_on_to_its_end_when_its_watcher_leaves(toys: Toys) -> None:
    """A closed dashboard loses nothing: both pipes of the run break in the middle, and every call is stored."""
    toys.make(6)
    stages = ["--set", f"pipeline.stages={json.dumps(STAGES)}", "--set", "pipeline.runner=inline"]
    command = [sys.executable, "-m", "callkit", "run", str(toys.recordings), "--store", str(toys.store), "--events"]
    run = subprocess.Popen(
        [*command, *stages],
        env=toys.environment() | {"TOY_SLOW": "0.3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    for line in run.stdout:
        if json.loads(line)["event"] == "call_finished":
            break
    run.stdout.close()
    run.stderr.close()
    assert run.poll() is None
    assert run.wait(timeout=60) == 0
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select count(*) as n from calls") == [{"n": 6}]


def test_uploads_reach_the_run_through_a_pipe_and_nothing_raw_is_left(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in toys.environment().items():
        monkeypatch.setenv(name, value)
    sound = toys.make(1)[0].read_bytes()
    toys.recordings.joinpath("call-00.wav").unlink()
    toys.store.parent.mkdir()
    overrides = (f"pipeline.stages={json.dumps(STAGES)}", "pipeline.runner=inline")
    session = dashboard.Session(store=toys.store, config=toys.config())
    run = background.Run(session, uploads=[("call-from-415-555-0199.wav", sound)], overrides=overrides)
    run.wait()
    assert (run.state, run.exit_codes) == ("ended", [0])
    assert [one.status for one in run.progress.recordings.values()] == ["processed"]
    assert "0199" not in str(run.progress)
    written = [path for path in toys.folder.rglob("*") if path.is_file()]
    assert written
    assert not any(sound[100:400] in path.read_bytes() for path in written)


def test_lines_that_are_no_events_are_passed_over() -> None:
    assert list(background.parse([b"noise\n", b"[1]\n", b'{"event": "published"}\n'])) == [{"event": "published"}]


def test_a_call_is_plain_data_and_its_report_stands_alone(tmp_path: Path) -> None:
    store = make_store(tmp_path / "calls.duckdb", calls=30)
    with Snapshot(store) as snapshot:
        call_id = snapshot.rows("select call_id from calls order by call_id limit 1")[0]["call_id"]
        view = call_view(snapshot, call_id)
        with pytest.raises(StoreError, match="call-missing"):
            call_view(snapshot, "broken")
    json.dumps(view, allow_nan=False)
    assert [turn["text"] for turn in view["turns"]] == [
        " ".join(word["text"] for word in turn["words"]) for turn in view["turns"]
    ]
    rows = figure_rows(view)
    assert [len(row) for row in rows] == [len(figure_head(view))] * len(rows)
    sentiment = next(row for row in rows if row[0] == "Customer sentiment")
    assert re.fullmatch(r"[+-]0\.\d\d to [+-]0\.\d\d, 7 turns", sentiment[2])
    page = call_report(store, call_id)
    assert "https://" not in page
    assert "http://" not in page
    assert "default-src 'none'" in page
    for turn in view["turns"]:
        assert turn["text"] in page
