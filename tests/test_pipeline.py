"""Plans, freshness keys and one call's run: what is reused, what runs again, and what a failure says."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from callkit import model
from callkit.errors import CallkitError, PrivacyError
from callkit.pipeline import Cached, Plan, run_call
from callkit.pipeline.keys import digest, stage_key
from callkit.protocols import Resources

CALL = model.Call("c1", "call.wav", "a" * 64)


class Step:
    """A stage of arithmetic over facets, counting how often it ran and was opened."""

    version = 1
    scope = "call"
    resources = Resources()

    def __init__(
        self, name: str, requires: tuple[str, ...], provides: tuple[str, ...], setting: str = "", work: Any = None
    ):
        self.name, self.requires, self.provides, self.setting = name, requires, provides, setting
        self.work = work or (lambda given: {facet: f"{facet} of {setting}" for facet in provides})
        self.ran = self.opened = self.closed = 0

    def identity(self) -> Mapping[str, Any]:
        return {"setting": self.setting}

    def describe(self) -> tuple[str, str]:
        return "", ""

    def open(self) -> None:
        self.opened += 1

    def run(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.ran += 1
        return self.work(given)

    def close(self) -> None:
        self.closed += 1


def chain(*, transcribe: str = "", redact: str = "", sentiment: str = "") -> list[Step]:
    """audio -> words (private) -> turns (safe) -> sentiment (safe), with language (safe) beside the words."""
    return [
        Step("transcribe", ("audio",), ("words", "language"), transcribe),
        Step("redact", ("words",), ("turns",), redact),
        Step("sentiment", ("turns", "language"), ("sentiment",), sentiment),
    ]


def value_digest(name: str, value: Any) -> str:
    return digest(name, value)


def run(stages: list[Step], cached: Cached | None = None) -> model.Outcome:
    return run_call(Plan(stages), CALL, lambda: "samples", facet_digest=value_digest, cached=cached)


def remember(outcome: model.Outcome) -> Cached:
    """What a ledger would know after this outcome."""
    facets = dict(outcome.facets)
    return Cached(
        keys={one.stage: one.key for one in outcome.runs},
        digests={name: value_digest(name, value) for name, value in facets.items()},
        load=facets.__getitem__,
    )


def counts(stages: list[Step]) -> list[int]:
    return [stage.ran for stage in stages]


def test_only_safe_facets_come_out() -> None:
    outcome = run(chain())
    assert set(outcome.facets) == {"language", "turns", "sentiment"}
    assert [one.status for one in outcome.runs] == ["ran", "ran", "ran"]
    assert outcome.failed is None


def test_an_unchanged_plan_runs_and_opens_nothing() -> None:
    cached = remember(run(chain()))
    again = chain()
    outcome = run_call(Plan(again), CALL, pytest.fail, facet_digest=value_digest, cached=cached)
    assert counts(again) == [0, 0, 0]
    assert [stage.opened for stage in again] == [0, 0, 0]
    assert [one.status for one in outcome.runs] == ["reused"] * 3


def test_a_later_setting_re_runs_only_its_stage_without_audio() -> None:
    cached = remember(run(chain()))
    again = chain(sentiment="stricter")
    outcome = run_call(Plan(again), CALL, pytest.fail, facet_digest=value_digest, cached=cached)
    assert outcome.failed is None
    assert counts(again) == [0, 0, 1]


def test_changing_the_redaction_transcribes_again() -> None:
    cached = remember(run(chain()))
    again = chain(redact="names too")
    run(again, cached)
    assert counts(again) == [1, 1, 1]


def test_an_unchanged_result_ends_the_chain_early() -> None:
    same = lambda given: {"turns": "the same turns"}  # noqa: E731
    first = chain()
    first[1].work = same
    cached = remember(run(first))
    again = chain(redact="other words for the same rule")
    again[1].work = same
    run(again, cached)
    assert counts(again) == [1, 1, 0]


def test_a_safe_fact_that_changes_on_the_way_back_reaches_every_stage_that_rests_on_it() -> None:
    stages = chain(redact="a")
    early = Step("embed", ("language",), ("embeddings",))
    stages.insert(1, early)
    cached = remember(run(stages))
    again = chain(redact="b")
    again[0].work = lambda given: {"words": "w", "language": "another language"}
    again.insert(1, Step("embed", ("language",), ("embeddings",)))
    run(again, cached)
    assert counts(again) == [1, 1, 1, 1]


def test_a_version_raise_changes_the_key_and_other_calls_have_other_keys() -> None:
    stage = chain()[0]
    key = stage_key(stage, {"audio": "a" * 64})
    assert key == stage_key(stage, {"audio": "a" * 64})
    assert key != stage_key(stage, {"audio": "b" * 64})
    stage.version = 2
    assert key != stage_key(stage, {"audio": "a" * 64})


def test_a_stage_is_given_only_what_it_requires() -> None:
    seen: list[set[str]] = []
    stages = chain()
    stages[2].work = lambda given: seen.append(set(given)) or {"sentiment": 1}
    run(stages)
    assert seen == [{"turns", "language", "call"}]


def test_an_undeclared_dependency_fails_at_once() -> None:
    stages = chain()
    stages[2].work = lambda given: {"sentiment": given["words"]}
    outcome = run(stages)
    assert outcome.failed is not None
    assert outcome.failed.stage == "sentiment"
    assert "KeyError" in outcome.failed.what


def test_a_failing_stage_names_the_cause_and_never_quotes_it() -> None:
    stages = chain()

    def fail(given: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ValueError("my card is 4111 1111 1111 1111")

    stages[1].work = fail
    outcome = run(stages)
    assert outcome.failed is not None
    assert (outcome.failed.stage, outcome.failed.error) == ("redact", "stage-failed")
    assert "ValueError" in outcome.failed.what
    assert "4111" not in repr(outcome)
    assert outcome.facets == {}
    pickle.dumps(outcome)


def test_a_recording_that_cannot_be_opened_is_the_calls_failure() -> None:
    def refuse() -> Any:
        raise CallkitError("audio-empty", "the recording has no bytes", "record again")

    outcome = run_call(Plan(chain()), CALL, refuse, facet_digest=value_digest)
    assert outcome.failed is not None
    assert (outcome.failed.stage, outcome.failed.error, outcome.failed.hint) == ("audio", "audio-empty", "record again")


def test_a_stage_must_provide_what_it_says() -> None:
    stages = chain()
    stages[1].work = lambda given: {"turns": 1, "words": 2}
    outcome = run(stages)
    assert outcome.failed is not None
    assert outcome.failed.error == "internal"


def test_a_plan_opens_once_and_closes_what_it_opened() -> None:
    stages = chain()
    with Plan(stages) as plan:
        for _ in range(2):
            run_call(plan, CALL, lambda: "samples", facet_digest=value_digest)
        assert [stage.opened for stage in stages] == [1, 1, 1]
    assert [stage.closed for stage in stages] == [1, 1, 1]


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        (chain()[1:], "stage redact requires words"),
        ([*chain(), Step("redact2", ("words",), ("turns",))], "both provide turns"),
        ([Step("odd", (), ("nonsense",))], "which is no facet"),
    ],
)
def test_a_plan_that_does_not_fit_says_why(stages: list[Step], says: str) -> None:
    with pytest.raises(CallkitError) as error:
        Plan(stages)
    assert error.value.code == "plan-invalid"
    assert says in error.value.what


def test_raw_words_and_turns_refuse_to_leave_and_to_show_themselves() -> None:
    word = model.Word(0.0, 1.0, "secretword")
    turn = model.Turn(0, "S0", "agent", 0, 0.0, 1.0, (word,))
    for private in (word, turn, model.Phrase(0.0, 1.0, "secretword")):
        with pytest.raises(PrivacyError):
            pickle.dumps(private)
        assert "secretword" not in repr(private)
    with pytest.raises(PrivacyError):
        model.SafeTurn(0, "S0", "agent", 0, 0.0, 1.0, (word,))  # type: ignore[arg-type]


def test_safe_turns_travel_whole() -> None:
    word = model.SafeWord(0.0, 1.0, "[CARD]", 1, 0.9, "en", "CARD", 4)
    turn = model.SafeTurn(0, "S0", "agent", 1, 0.0, 1.0, (word,), 0.8, 0.1, "en", "translated")
    assert pickle.loads(pickle.dumps(turn)) == turn
    assert json.dumps(turn.text) == '"[CARD]"'


def test_broken_invariants_are_named_without_speech() -> None:
    good = model.SafeTurn(0, "S0", "agent", 0, 0.0, 1.0, (model.SafeWord(0.0, 1.0, "hello"),))
    assert model.broken_invariants([good], 1.0) == []
    late = model.SafeTurn(5, "S0", "agent", 0, 0.5, 1.0, (model.SafeWord(0.0, 1.0, "hello"),))
    said = model.broken_invariants([good, late], 0.6)
    assert len(said) == 4
    assert "hello" not in " ".join(said)
