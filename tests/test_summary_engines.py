"""Abstractive summaries: an OpenAI-compatible endpoint (a real local server), a transformers model by folder, support checks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from callkit.config import Config, from_dict
from callkit.engines.support import Support
from callkit.errors import CallkitError, ConfigError, PrivacyError
from callkit.model import Turn, Word
from callkit.registry import build_engine, build_stage, models
from tests.talk import call, english

TALK = call(
    ("agent", "Thank you for calling, how can I help you?"),
    ("customer", "I was charged twice for my order, my name is [PERSON_1]."),
    ("agent", "I have refunded the second payment of 49 dollars. I will call you back tomorrow."),
    ("customer", "That is great, thank you."),
)
GOOD: dict[str, Any] = {
    "title": "Charged twice",
    "summary": [
        {"text": "The customer [PERSON_1] was charged twice for the order.", "turns": [1]},
        {"text": "The agent refunded the second payment of 60 dollars.", "turns": [2]},
        {"text": "The weather in Boston was sunny.", "turns": [3]},
    ],
    "issue": {"text": "The customer was charged twice for an order.", "turns": [1, 99]},
    "outcome": "resolved",
    "evidence": {"text": "The agent refunded the second payment.", "turns": [2]},
    "actions": [{"who": "agent", "text": "Call the customer back", "due": "tomorrow", "turns": [2]}],
}


class Endpoint:
    """A server that answers chat completions from a list of (status, content), the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str]] = [(200, json.dumps(GOOD))]
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.delays: list[float] = []
        self.breaks = 0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append((self.path, dict(self.headers), body))
                threading.Event().wait(endpoint.delays.pop(0) if endpoint.delays else 0)
                status, content = endpoint.answers.pop(0) if len(endpoint.answers) > 1 else endpoint.answers[0]
                answer = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer) + min(1, endpoint.breaks)))
                endpoint.breaks = max(0, endpoint.breaks - 1)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("CALLKIT_OPENAI_KEY", "secret-key")
    monkeypatch.setattr("time.sleep", lambda _: None)
    made = Endpoint()
    yield made
    made.server.shutdown()
    made.server.server_close()


def configured(url: str, **more: Any) -> Config:
    return from_dict(
        {"summarize": {"engine": "openai", "base_url": url, "model": "some-model", "timeout_s": 5.0, **more}}
    )


@pytest.fixture(scope="module")
def embedded() -> Any:
    stage = build_stage("embed", Config())
    stage.open()
    return stage.run({"turns": TALK})["embeddings"]


def summarize(config: Config, embeddings: Any) -> Any:
    stage = build_stage("summarize", config)
    stage.open()
    return stage.run({"turns": TALK, "embeddings": embeddings, "language": english()})["summary"]


@pytest.mark.model
def test_an_endpoint_writes_and_each_sentence_is_checked(endpoint: Endpoint, embedded: Any) -> None:
    summary = summarize(configured(endpoint.url), embedded)
    assert [statement.supported for statement in summary.summary] == [True, False, False]
    assert summary.issue.supported
    assert summary.issue.turns == (1,)
    assert (summary.outcome, summary.outcome_evidence.supported) == ("resolved", True)
    assert [(action.who, action.due, action.turns) for action in summary.actions] == [("agent", "tomorrow", (2,))]
    assert summary.actions[0].supported


@pytest.mark.model
@pytest.mark.parametrize(
    "invented",
    [
        {"text": "Send the customer a replacement television", "due": None},
        {"text": "Call the customer back", "due": "within 30 minutes"},
        {"text": "Refund a further 500 dollars", "due": "tomorrow"},
    ],
)
def test_a_follow_up_that_nobody_promised_is_marked(
    endpoint: Endpoint, embedded: Any, invented: dict[str, Any]
) -> None:
    promised = {"who": "agent", "turns": [2]}
    endpoint.answers = [(200, json.dumps(GOOD | {"actions": [*GOOD["actions"], promised | invented]}))]
    summary = summarize(configured(endpoint.url), embedded)
    assert [action.supported for action in summary.actions] == [True, False]


@pytest.mark.model
@pytest.mark.parametrize(
    ("answer", "supported"),
    [
        ({"evidence": {"text": "The agent transferred the call to a manager.", "turns": [2]}}, False),
        ({"evidence": None}, False),
        ({"outcome": "unknown", "evidence": None}, None),
    ],
)
def test_an_outcome_that_no_turn_shows_is_marked(
    endpoint: Endpoint, embedded: Any, answer: dict[str, Any], supported: bool | None
) -> None:
    endpoint.answers = [(200, json.dumps(GOOD | answer))]
    evidence = summarize(configured(endpoint.url), embedded).outcome_evidence
    assert (evidence.supported if evidence else None) is supported


@pytest.mark.model
def test_what_is_sent(endpoint: Endpoint, embedded: Any) -> None:
    summarize(configured(endpoint.url), embedded)
    ((path, headers, body),) = endpoint.asked
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret-key"
    assert body["response_format"]["json_schema"]["strict"] is True
    assert "[1] customer: I was charged twice for my order, my name is [PERSON_1]." in body["messages"][1]["content"]


@pytest.mark.model
def test_busy_and_ill_shaped_answers_are_tried_again(endpoint: Endpoint, embedded: Any) -> None:
    endpoint.answers = [(503, ""), (200, "not json"), (200, json.dumps(GOOD))]
    assert summarize(configured(endpoint.url), embedded).title == "Charged twice"
    assert len(endpoint.asked) == 3


@pytest.mark.model
@pytest.mark.parametrize(("answer", "asked"), [((401, "no"), 1), ((500, "x"), 3), ((200, '{"title": "only"}'), 3)])
def test_what_does_not_help_is_an_error_that_quotes_nothing(
    endpoint: Endpoint, embedded: Any, answer: tuple[int, str], asked: int
) -> None:
    endpoint.answers = [answer]
    with pytest.raises(CallkitError) as caught:
        summarize(configured(endpoint.url), embedded)
    assert caught.value.code == "endpoint-failed"
    assert caught.value.__cause__ is None
    assert "charged" not in str(caught.value)
    assert len(endpoint.asked) == asked


@pytest.mark.model
def test_an_endpoint_that_takes_too_long_is_asked_again(endpoint: Endpoint, embedded: Any) -> None:
    endpoint.delays = [1.5]
    assert summarize(configured(endpoint.url, timeout_s=0.5), embedded).title == "Charged twice"
    assert len(endpoint.asked) == 2
    endpoint.delays = [1.5, 1.5]
    with pytest.raises(CallkitError, match="after 2 attempts: TimeoutError"):
        summarize(configured(endpoint.url, timeout_s=0.5, retries=1), embedded)


@pytest.mark.model
def test_an_endpoint_that_breaks_off_is_asked_again(endpoint: Endpoint, embedded: Any) -> None:
    endpoint.breaks = 1
    assert summarize(configured(endpoint.url), embedded).title == "Charged twice"
    assert len(endpoint.asked) == 2


@pytest.mark.model
def test_a_dead_endpoint(embedded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(CallkitError, match="endpoint-failed"):
        summarize(configured("http://127.0.0.1:9/v1", retries=1), embedded)


@pytest.mark.model
def test_raw_turns_never_leave(endpoint: Endpoint, embedded: Any) -> None:
    engine = build_engine("summarize", "openai", configured(endpoint.url))
    raw = Turn(0, "S0", "customer", None, 0, 1, (Word(0, 1, "secret"),))
    with pytest.raises(PrivacyError):
        engine.summarize((raw,), embedded)
    assert endpoint.asked == []


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://host"])
def test_only_web_addresses(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        build_engine("summarize", "openai", configured(url)).open()


@pytest.mark.model
def test_support_wants_meaning_words_and_figures() -> None:
    embedder = build_engine("embed", "minilm", Config())
    support = Support(TALK, embedder)
    assert support.check("The agent refunded the second payment of 49 dollars.", [2]).supported
    assert not support.check("The agent refunded the second payment of 94 dollars.", [2]).supported
    assert not support.check("The customer lost a suitcase at the airport.", [1]).supported
    found = support.check("The customer was charged twice for an order.")
    assert found.supported
    assert 1 in found.turns


@pytest.fixture(scope="module")
def tiny_summarizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised BART in a folder, with the words of the embedding model's tokenizer."""
    from callkit.engines.torchaudio_shim import ensure_torchaudio

    ensure_torchaudio()
    import torch
    from transformers import AutoTokenizer, BartConfig, BartForConditionalGeneration

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("summarizer")
    tokenizer = AutoTokenizer.from_pretrained(str(models(Config()).path("all-minilm-l6-v2")))
    layers = {
        f"{side}_{what}": size
        for side in ("encoder", "decoder")
        for what, size in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 32))
    }
    marks = {
        "pad_token_id": 0,
        "bos_token_id": 101,
        "eos_token_id": 102,
        "decoder_start_token_id": 101,
        "forced_eos_token_id": 102,
    }
    shape = BartConfig(vocab_size=len(tokenizer), d_model=32, max_position_embeddings=1200, **layers, **marks)
    BartForConditionalGeneration(shape).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.model
def test_a_transformers_summarizer_by_folder(tiny_summarizer: Path, embedded: Any) -> None:
    config = from_dict({"summarize": {"engine": "transformers", "model": str(tiny_summarizer)}})
    summary = summarize(config, embedded)
    assert summary.summary
    assert not any(statement.supported for statement in summary.summary)  # random words are borne out by nothing
    assert summary.issue.text == "The customer was charged twice for their order, their name is [PERSON_1]."
    assert summary == summarize(config, embedded)


@pytest.mark.model
def test_an_encoder_is_no_summarizer() -> None:
    engine = build_engine("summarize", "transformers", from_dict({"summarize": {"model": "all-minilm-l6-v2"}}))
    with pytest.raises(ConfigError, match="decoder"):
        engine.open()
