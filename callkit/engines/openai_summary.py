"""Summaries by an OpenAI-compatible endpoint: redacted text out, JSON of a fixed schema back, every sentence checked."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from callkit.engines.chapters import chapters_of
from callkit.engines.extractive import MODEL, short
from callkit.engines.minilm import MiniLM
from callkit.engines.support import Support
from callkit.errors import CallkitError, ConfigError, PrivacyError
from callkit.model import Action, CallOutcome, Embeddings, SafeTurn, Statement, Summary
from callkit.protocols import JSON

if TYPE_CHECKING:
    from callkit.config import SummarizeSettings
    from callkit.models import Models

KEY = "CALLKIT_OPENAI_KEY"
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
INSTRUCTION = """You summarize a customer-service call for the people who run the call center. You get its turns, each with its \
number and who speaks. Words in square brackets stand for redacted personal data: keep them as they are. Say only what the turns \
say. Answer in English with JSON of the given schema: a title of at most eight words; summary, two or three sentences; issue, why \
the customer called; outcome; evidence, the sentence that shows the outcome; actions, what somebody promised to do later, who, and \
by when in the words of the call. Each part lists the numbers of the turns that it rests on. Leave out what was not said (null)."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    turns: list[int]


class _FollowUp(_Part):
    who: Literal["agent", "customer"]
    due: str | None


class Answer(BaseModel):
    """What the endpoint has to answer; its JSON schema goes with the question."""

    model_config = ConfigDict(extra="forbid")
    title: str
    summary: list[_Part]
    issue: _Part | None
    outcome: CallOutcome
    evidence: _Part | None
    actions: list[_FollowUp]


class OpenAISummarizer:
    """`POST {base_url}/chat/completions` with a JSON schema; the key is read from $CALLKIT_OPENAI_KEY (none: not sent).

    Only safe turns are sent: anything else raises `PrivacyError`. Busy or failing answers, time-outs and answers of another
    shape are tried again `[summarize] retries` times; then `CallkitError("endpoint-failed")`, which quotes nothing. Chapters
    are found offline. Every sentence is checked against the turns it cites.
    """

    name = "openai"

    def __init__(self, *, settings: SummarizeSettings, models: Models, cores: int) -> None:
        from callkit.config import EmbedSettings

        self.settings = settings
        self.embedder = MiniLM(settings=EmbedSettings(model=MODEL), models=models, cores=cores)

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.settings.model, "base_url": self.settings.base_url}

    def describe(self) -> tuple[str, str]:
        return self.name, self.settings.model

    def open(self) -> None:
        if not self.settings.base_url.startswith(("http://", "https://")) or not self.settings.model:
            what = "engine openai needs summarize.base_url (http or https) and summarize.model"
            raise ConfigError("config-invalid", what, "for example http://127.0.0.1:11434/v1 and the model's name")
        self.embedder.open()

    def summarize(self, turns: Sequence[SafeTurn], embeddings: Embeddings) -> Summary:
        """The endpoint's summary, its sentences checked, with chapters."""
        import numpy as np

        self.open()
        if not all(isinstance(turn, SafeTurn) for turn in turns):
            raise PrivacyError("a raw turn was about to be sent to the summary endpoint")
        answer = self._answer(turns)
        support = Support(turns, self.embedder)
        vectors = np.frombuffer(embeddings.vectors, dtype="<f2").reshape(len(turns), -1).astype(np.float32)
        return Summary(
            answer.title,
            tuple(support.check(part.text, part.turns) for part in answer.summary),
            support.check(answer.issue.text, answer.issue.turns) if answer.issue else None,
            answer.outcome,
            _evidence(answer, support),
            tuple(
                support.check_action(Action(part.who, part.text, part.due, tuple(part.turns)))
                for part in answer.actions
            ),
            chapters_of(turns, vectors, [short(turn.text) if len(turn.words) > 5 else "" for turn in turns]),
        )

    def _answer(self, turns: Sequence[SafeTurn]) -> Answer:
        """Ask, and ask again where that may help."""
        body = json.dumps(self._question(turns)).encode()
        reason = ""
        for attempt in range(self.settings.retries + 1):
            if attempt:
                time.sleep(min(8.0, 0.5 * 2 ** (attempt - 1)))
            try:
                return _parse(self._post(body))
            except urllib.error.HTTPError as error:
                reason = f"HTTP status {error.code}"
                if error.code not in AGAIN:
                    break
            except (OSError, http.client.HTTPException) as error:
                reason = f"{type(error).__name__}"
            except (ValidationError, ValueError, KeyError, IndexError, TypeError):
                reason = "an answer that does not fit the schema"
        what = f"the summary endpoint failed after {attempt + 1} attempts: {reason}"
        raise CallkitError(
            "endpoint-failed", what, "check [summarize] base_url and model, and $CALLKIT_OPENAI_KEY"
        ) from None

    def _question(self, turns: Sequence[SafeTurn]) -> dict[str, Any]:
        call = "\n".join(f"[{turn.index}] {turn.role}: {turn.translation or turn.text}" for turn in turns)
        schema = {"name": "call_summary", "strict": True, "schema": Answer.model_json_schema()}
        return {
            "model": self.settings.model,
            "temperature": 0,
            "messages": [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": call}],
            "response_format": {"type": "json_schema", "json_schema": schema},
        }

    def _post(self, body: bytes) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        address = self.settings.base_url.rstrip("/") + "/chat/completions"
        request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310 - open() allows http and https only
        with urllib.request.urlopen(request, timeout=self.settings.timeout_s) as response:  # noqa: S310
            answer: dict[str, Any] = json.loads(response.read())
        return answer

    def close(self) -> None:
        self.embedder.close()


def _evidence(answer: Answer, support: Support) -> Statement | None:
    """What shows the outcome, checked; an outcome that nothing is given for is not supported."""
    if answer.evidence:
        return support.check(answer.evidence.text, answer.evidence.turns)
    return None if answer.outcome == "unknown" else Statement("No turn was named that shows it.", (), False, 0.0)


def _parse(response: Mapping[str, Any]) -> Answer:
    return Answer.model_validate_json(response["choices"][0]["message"]["content"])
