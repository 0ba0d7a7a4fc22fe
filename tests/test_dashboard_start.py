"""Starting the dashboard and runs from it: who may look, what is handed on, what is understood of a run's events."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from callkit.app import background, dashboard
from callkit.app.report import call_report, call_view
from callkit.config import Config, DashboardSettings
from callkit.errors import CallkitError, StoreError, UsageError
from callkit.store.reader import Snapshot
from tests.stores import make_store


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
    page = call_report(store, call_id)
    assert "https://" not in page
    assert "http://" not in page
    assert "default-src 'none'" in page
    for turn in view["turns"]:
        assert turn["text"] in page
