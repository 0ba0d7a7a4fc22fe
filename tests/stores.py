"""Seeded synthetic snapshots: as many calls as a test wants, in the store's own schema, without any recording.

What they hold is made up but hangs together: agents differ a little, reasons differ in length and mood, one reason gets
worse in the last week, turns alternate, words fill their turns, redactions point at words. The same seed gives the same
rows. `python -m tests.stores PATH [CALLS]` writes one for looking at.
"""

from __future__ import annotations

import sys
import zlib
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

import callkit

SCHEMA = Path(callkit.__file__).parent / "store" / "schema"
LAST_CALL = datetime(2026, 6, 30, 18, 0)
DAYS = 90
TURNS = 15
WORSE = 1  # the reason whose mood falls in the last week

#: Reason: name, what the customer says of it, usual mood (-1 to 1), usual seconds, terms.
REASONS = (
    ("Card declined", "my card was declined when I tried to pay for groceries", -0.15, 300, ("card", "declined")),
    ("Late delivery", "the parcel that was due on Monday has still not arrived", -0.25, 340, ("parcel", "delivery")),
    ("Change of address", "I moved last week and need my address changed", 0.2, 220, ("address", "moved")),
    ("Refund request", "I sent the shoes back and want to know where my refund is", -0.1, 380, ("refund", "return")),
    ("Internet outage", "the internet has been down since early this morning", -0.35, 520, ("internet", "down")),
    ("Book an appointment", "I would like to book an appointment for a check-up", 0.3, 200, ("appointment", "book")),
    ("Billing question", "there is a charge on my bill that I do not understand", -0.1, 330, ("bill", "charge")),
    ("Cancel contract", "I want to cancel my contract at the end of the month", -0.2, 410, ("cancel", "contract")),
)
AGENT_LINES = (
    "thank you for calling how can I help you today",
    "let me look into that for you it will take just a moment",
    "I am sorry to hear that I can see what happened here",
    "could you please confirm your name and the card we have on file",
    "I have taken care of it and you will get a message within two days",
    "is there anything else that I can do for you",
)
CUSTOMER_LINES = (
    "yes it is [PERSON_1] and the card is [CARD]",
    "that is really annoying I have called twice about this already",
    "all right thank you that would help a lot",
    "I do not understand why nobody told me that before",
    "you can reach me at [PHONE] in the evening",
    "great thanks for your help have a good day",
)
QUEUES = ("billing", "service", "sales")
LANGUAGES = ("en", "en", "en", "en", "es", "de")
LAYOUTS = ("stereo", "stereo", "mono", "mono", "dual_mono")
OUTCOMES = ("resolved", "partly_resolved", "unresolved", "escalated", "callback_promised")
RECOGNIZERS = {"PERSON": "presidio", "CARD": "spoken-number", "PHONE": "spoken-number"}
STAGES = ("inspect", "transcribe", "diarize", "turns", "redact", "mute", "acoustics", "embed", "sentiment", "summarize")
PROCESSED = datetime(2026, 7, 1, 3, 0)


def make_store(path: Path, *, calls: int = 200, seed: int = 7, embeddings: bool = False) -> Path:
    """Write a snapshot of `calls` synthetic calls to `path`, replacing what is there."""
    path.unlink(missing_ok=True)
    tables = _tables(calls, np.random.default_rng(seed), embeddings=embeddings)
    with duckdb.connect(str(path)) as store:
        create_schema(store)
        for name, frame in tables.items():
            store.register("frame", frame)
            store.execute(f"insert into {name} by name select * from frame")
            store.unregister("frame")
        if embeddings:
            _embed(store)
    return path


def create_schema(store: duckdb.DuckDBPyConnection) -> None:
    """The public tables and views of an empty snapshot."""
    steps = sorted(SCHEMA.glob("0*.sql"))
    for step in steps:
        store.execute(step.read_text())
    store.execute("drop schema ledger cascade")
    store.execute((SCHEMA / "views.sql").read_text())
    facts = {
        "schema_version": str(len(steps)),
        "callkit_version": "test",
        "snapshot_id": "test",
        "published_at": str(PROCESSED),
    }
    store.executemany("insert into meta values (?, ?)", list(facts.items()))


def _tables(count: int, random: np.random.Generator, *, embeddings: bool) -> dict[str, pd.DataFrame]:
    call = _calls(count, random)
    turn = _turns(call, random)
    words = _words(turn)
    redactions = _redactions(words)
    tables = {
        "calls": call.drop(columns=["reason", "mood"]),
        "turns": turn.drop(columns=["mood"]),
        "speaker_spans": turn[["call_id", "speaker", "channel", "start_s", "end_s"]],
        "words": words,
        "redactions": redactions,
        "sentiment": _sentiment(turn),
        "call_topics": pd.DataFrame({"call_id": call.call_id, "topic": call.reason, "score": 0.7}),
        "topics": _topics(call),
        "stage_runs": _stage_runs(call, random),
    }
    tables |= _summaries(call, random) | _metrics(call, turn, random) | _events(call, turn, random)
    return tables


def _calls(count: int, random: np.random.Generator) -> pd.DataFrame:
    days = np.sort(random.integers(0, DAYS, count))
    hours = np.clip(random.normal(13, 3, count), 8, 19)
    started = [
        LAST_CALL - timedelta(days=int(DAYS - 1 - d), hours=float(18 - h)) for d, h in zip(days, hours, strict=True)
    ]
    reason = random.integers(0, len(REASONS), count)
    agent = random.integers(0, 24, count)
    mood = np.array([REASONS[r][2] for r in reason]) + (agent - 12) / 60 + random.normal(0, 0.25, count)
    mood -= np.where((reason == WORSE) & (days >= DAYS - 7), 0.45, 0.0)
    duration = np.array([REASONS[r][3] for r in reason]) * random.lognormal(0, 0.35, count)
    return pd.DataFrame(
        {
            "call_id": [f"{number:06d}{value:010x}" for number, value in enumerate(random.integers(0, 2**40, count))],
            "source_name": [f"recording-{number:05d}.wav" for number in range(count)],
            "audio_sha256": "0" * 64,
            "started_at": started,
            "processed_at": PROCESSED,
            "duration_s": duration.round(3),
            "sample_rate": 8000,
            "codec": "pcm_mulaw",
            "channels": 2,
            "layout": random.choice(LAYOUTS, count),
            "speakers_from": "channels",
            "layout_reason": "each channel carries one speaker",
            "language": random.choice(LANGUAGES, count),
            "language_confidence": 0.98,
            "agent_id": [f"agent-{number:02d}" for number in agent],
            "queue": random.choice(QUEUES, count),
            "direction": random.choice(("inbound", "outbound"), count, p=(0.85, 0.15)),
            "quality": "{}",
            "reason": reason,
            "mood": mood.clip(-0.95, 0.95),
        }
    )


def _turns(call: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    count = len(call)
    number = np.tile(np.arange(TURNS), count)
    row = np.repeat(np.arange(count), TURNS)
    customer = number % 2 == 1
    width = call.duration_s.to_numpy()[row] / TURNS
    start = number * width + width * random.uniform(0, 0.08, len(row))
    drift = np.linspace(-0.25, 0.25, TURNS)[number]
    mood = np.where(customer, call.mood.to_numpy()[row] + drift, 0.25) + random.normal(0, 0.2, len(row))
    loud = random.normal(0, 2.5, len(row)) - 3 * np.minimum(mood, 0)
    return pd.DataFrame(
        {
            "call_id": call.call_id.to_numpy()[row],
            "turn": number,
            "role": np.where(customer, "customer", "agent"),
            "role_confidence": 0.95,
            "speaker": np.where(customer, "S1", "S0"),
            "channel": np.where(customer, 1, 0),
            "start_s": start.round(3),
            "end_s": (start + width * random.uniform(0.75, 0.98, len(row))).round(3),
            "text": _texts(call.reason.to_numpy()[row], number),
            "language": "",
            "confidence": random.uniform(0.75, 0.99, len(row)).round(3),
            "overlap": 0.0,
            "loudness_dbfs": (loud - 24).round(2),
            "loudness_relative_db": loud.round(2),
            "mood": mood.clip(-0.98, 0.98),
        }
    )


def _texts(reason: np.ndarray, number: np.ndarray) -> list[str]:
    def text(kind: int, turn: int) -> str:
        if turn == 1:
            return REASONS[kind][1]
        return CUSTOMER_LINES[(turn // 2 + 5) % 6] if turn % 2 else AGENT_LINES[(turn // 2) % 6]

    known = {(kind, turn): text(kind, turn) for kind in range(len(REASONS)) for turn in range(TURNS)}
    return [known[pair] for pair in zip(reason.tolist(), number.tolist(), strict=True)]


def _words(turn: pd.DataFrame) -> pd.DataFrame:
    split = turn.text.str.split(" ")
    lengths = split.str.len().to_numpy()
    row = np.repeat(np.arange(len(turn)), lengths)
    word = np.concatenate([np.arange(length) for length in lengths])
    start, end = turn.start_s.to_numpy()[row], turn.end_s.to_numpy()[row]
    step = (end - start) / lengths[row]
    text = np.concatenate(split.to_list())
    entity = pd.Series(text).str.extract(r"^\[([A-Z]+)(?:_\d+)?\]$")[0]
    return pd.DataFrame(
        {
            "call_id": turn.call_id.to_numpy()[row],
            "turn": turn.turn.to_numpy()[row],
            "word": word,
            "start_s": (start + word * step).round(3),
            "end_s": (start + (word + 0.9) * step).round(3),
            "text": text,
            "channel": turn.channel.to_numpy()[row],
            "confidence": 0.9,
            "entity": entity.to_numpy(),
            "raw_words": np.where(entity.notna(), 4, 1),
        }
    )


def _redactions(words: pd.DataFrame) -> pd.DataFrame:
    found = words[words.entity.notna()].copy()
    found["redaction"] = found.groupby("call_id").cumcount()
    found["recognizer"] = found.entity.map(RECOGNIZERS)
    columns = ["call_id", "redaction", "turn", "word", "start_s", "end_s", "entity", "recognizer"]
    return found[columns].assign(first_word=found.word, last_word=found.word + 3, score=0.9, rule="")


def _sentiment(turn: pd.DataFrame) -> pd.DataFrame:
    score = turn.mood.to_numpy()
    label = np.select([score < -0.2, score > 0.2], ["negative", "positive"], "neutral")
    neutral = (1 - np.abs(score)) * 0.8
    return pd.DataFrame(
        {
            "call_id": turn.call_id,
            "turn": turn.turn,
            "label": label,
            "score": score.round(3),
            "negative": ((1 - neutral - score) / 2).round(3),
            "neutral": neutral.round(3),
            "positive": ((1 - neutral + score) / 2).round(3),
        }
    )


def _topics(call: pd.DataFrame) -> pd.DataFrame:
    number = range(len(REASONS))
    return pd.DataFrame(
        {
            "topic": list(number),
            "name": [reason[0] for reason in REASONS],
            "source": "found",
            "terms": [list(reason[4]) for reason in REASONS],
            "calls": [int((call.reason == kind).sum()) for kind in number],
            "representative_calls": [call.call_id[call.reason == kind].head(3).to_list() for kind in number],
            "fitted_at": PROCESSED,
        }
    )


def _summaries(call: pd.DataFrame, random: np.random.Generator) -> dict[str, pd.DataFrame]:
    names = [REASONS[kind][0] for kind in call.reason]
    issues = [f"The customer says that {REASONS[kind][1]}." for kind in call.reason]
    good = random.uniform(size=len(call)) < 0.65 + call.mood * 0.3
    outcome = np.where(good, "resolved", random.choice(OUTCOMES[1:], len(call)))
    told = "The agent took care of it and promised a message within two days."
    summary = pd.DataFrame(
        {
            "call_id": call.call_id,
            "title": names,
            "summary": [f"{issue} {told}" for issue in issues],
            "summary_turns": [[1, 8]] * len(call),
            "issue": issues,
            "issue_turns": [[1]] * len(call),
            "outcome": outcome,
            "outcome_text": told,
            "outcome_turns": [[8]] * len(call),
            "unsupported": 0,
        }
    )
    statements = pd.concat(
        [
            pd.DataFrame(
                {"call_id": call.call_id, "statement": 0, "kind": "summary", "text": issues, "turns": [[1]] * len(call)}
            ),
            pd.DataFrame(
                {"call_id": call.call_id, "statement": 1, "kind": "summary", "text": told, "turns": [[8]] * len(call)}
            ),
            pd.DataFrame(
                {"call_id": call.call_id, "statement": 2, "kind": "issue", "text": issues, "turns": [[1]] * len(call)}
            ),
            pd.DataFrame(
                {"call_id": call.call_id, "statement": 3, "kind": "outcome", "text": told, "turns": [[8]] * len(call)}
            ),
        ]
    ).assign(supported=True, score=0.8)
    actions = pd.DataFrame(
        {
            "call_id": call.call_id,
            "action": 0,
            "who": "agent",
            "text": "Send a message about the outcome",
            "due": "within two days",
            "turns": [[8]] * len(call),
        }
    )
    return {"summaries": summary, "statements": statements, "actions": actions}


def _metrics(call: pd.DataFrame, turn: pd.DataFrame, random: np.random.Generator) -> dict[str, pd.DataFrame]:
    count, duration = len(call), call.duration_s
    silence = random.beta(2, 12, count)
    quarter = np.minimum(turn.turn * 4 // TURNS, 3)
    role = turn.groupby(["call_id", "role"], sort=False)
    speaker = role.agg(
        turns=("turn", "size"), sentiment=("mood", "mean"), final_sentiment=("mood", "last")
    ).reset_index()
    mean = turn.assign(quarter=quarter).pivot_table(index=["call_id", "role"], columns="quarter", values="mood")
    mean.columns = [f"sentiment_q{number + 1}" for number in mean.columns]
    talk = (turn.end_s - turn.start_s).groupby([turn.call_id, turn.role]).sum().rename("talk_s")
    speaker = speaker.merge(mean.reset_index()).merge(talk.reset_index())
    speaker["talk_share"] = speaker.talk_s / speaker.groupby("call_id").talk_s.transform("sum")
    speaker["sentiment_change"] = speaker.sentiment_q4 - speaker.sentiment_q1
    speaker["words"] = (speaker.talk_s * 2.4).astype(int)
    speaker["words_per_min"] = random.normal(150, 18, len(speaker)).round(1)
    speaker["interruptions"] = random.poisson(0.6, len(speaker))
    speaker["longest_monologue_s"] = (speaker.talk_s / 5).round(2)
    speaker["response_delay_s"] = random.gamma(2, 0.4, len(speaker)).round(2)
    by_role = {name: part.set_index("call_id").reindex(call.call_id) for name, part in speaker.groupby("role")}
    agent, customer = by_role["agent"], by_role["customer"]
    metrics = pd.DataFrame(
        {
            "call_id": call.call_id,
            "duration_s": duration,
            "talk_s": (duration * (1 - silence)).round(2),
            "talk_share": (1 - silence).round(4),
            "silence_s": (duration * silence).round(2),
            "silence_share": silence.round(4),
            "silences": random.poisson(2, count),
            "longest_silence_s": (duration * silence / 2).round(2),
            "hold_s": np.where(random.uniform(size=count) < 0.2, (duration * 0.1).round(2), 0.0),
            "holds": 0,
            "overlap_share": random.beta(1, 30, count).round(4),
            "turns": TURNS,
            "switches_per_min": (TURNS / duration * 60).round(2),
            "interruptions": (agent.interruptions + customer.interruptions).to_numpy(),
            "response_delay_s": agent.response_delay_s.to_numpy(),
            "talk_listen_ratio": (agent.talk_s / customer.talk_s).round(3).to_numpy(),
            "words": (agent.words + customer.words).to_numpy(),
            "words_per_min": agent.words_per_min.to_numpy(),
            "customer_sentiment": customer.sentiment.round(3).to_numpy(),
            "agent_sentiment": agent.sentiment.round(3).to_numpy(),
            "customer_sentiment_change": customer.sentiment_change.round(3).to_numpy(),
            "customer_final_sentiment": customer.final_sentiment.round(3).to_numpy(),
        }
    )
    return {"call_metrics": metrics, "speaker_metrics": speaker}


def _events(call: pd.DataFrame, turn: pd.DataFrame, random: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Silences, holds, interruptions and proofs for a share of the calls."""
    quiet = turn[(turn.turn == 6)]
    segments = pd.concat(
        [
            pd.DataFrame(
                {"call_id": quiet.call_id, "kind": "silence", "start_s": quiet.end_s - 2, "end_s": quiet.end_s}
            ),
            pd.DataFrame(
                {"call_id": quiet.call_id, "kind": "hold", "start_s": quiet.end_s, "end_s": quiet.end_s + 5}
            ).iloc[::5],
        ]
    )
    cut = turn[turn.turn == 9].iloc[::2]
    interactions = pd.DataFrame(
        {
            "call_id": cut.call_id,
            "turn": 9,
            "kind": "interruption",
            "by_role": "customer",
            "start_s": cut.start_s,
            "end_s": cut.start_s + 0.8,
            "floor_kept_by": "customer",
        }
    )
    proved = call.iloc[::10]
    leak = np.arange(len(proved)) % 50 == 49
    proofs = pd.DataFrame(
        {
            "call_id": proved.call_id,
            "proved_at": PROCESSED + timedelta(hours=1),
            "engine": "faster-whisper",
            "model": "whisper-tiny",
            "audio_sha256": "0" * 64,
            "seconds": 3.2,
            "items_left": leak.astype(int),
            "unproven_s": random.gamma(1, 0.1, len(proved)).round(2),
            "verdict": np.where(leak, "leak", "clean"),
        }
    )
    return {"segments": segments, "interactions": interactions, "redaction_proofs": proofs}


def _stage_runs(call: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    ran = pd.DataFrame(
        {
            "call_id": np.repeat(call.call_id.to_numpy(), len(STAGES)),
            "source_name": np.repeat(call.source_name.to_numpy(), len(STAGES)),
            "stage": np.tile(STAGES, len(call)),
            "version": 1,
            "engine": np.tile(
                ["", "faster-whisper", "pyannote", "", "presidio", "", "", "minilm", "minilm", "extractive"], len(call)
            ),
            "model": np.tile(
                ["", "whisper-base", "segmentation-3.0", "", "en-core-web-sm", "", "", "all-minilm-l6-v2", "", ""],
                len(call),
            ),
            "key": "0" * 64,
            "seconds": random.gamma(2, 2, len(call) * len(STAGES)).round(3),
            "status": "ran",
            "ran_at": PROCESSED,
        }
    )
    bad = max(1, len(call) // 200)
    failed = pd.DataFrame(
        {
            "call_id": [f"broken{number:010d}" for number in range(bad)],
            "source_name": [f"broken-{number:03d}.wav" for number in range(bad)],
            "stage": "audio",
            "version": 0,
            "engine": "",
            "model": "",
            "key": "",
            "seconds": 0.0,
            "status": "failed",
            "error": random.choice(("audio-empty", "audio-truncated", "audio-unreadable"), bad),
            "what": "the recording cannot be used",
            "hint": "send it again",
            "ran_at": [PROCESSED - timedelta(days=int(number)) for number in random.integers(0, DAYS, bad)],
        }
    )
    return pd.concat([ran, failed])


def word_vectors(texts: list[str]) -> np.ndarray:
    """(len(texts), 384) unit vectors that are alike where texts share words: each word adds a direction of its own."""
    made = np.zeros((len(texts), 384), np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            made[row] += np.random.default_rng(zlib.crc32(word.encode())).normal(size=384)
    return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)


def _embed(store: duckdb.DuckDBPyConnection) -> None:
    """The vector of each turn's text, spread over the turns inside DuckDB: 150,000 are too many for a list of lists."""
    texts = [text for (text,) in store.execute("select distinct text from main.turns order by text").fetchall()]
    known = pd.DataFrame({"text": texts, "vector": list(word_vectors(texts))})
    store.register("known", known)
    store.execute(
        """insert into embeddings
           select call_id, turn, 'all-minilm-l6-v2', vector::float[] from main.turns join known using (text)"""
    )
    store.unregister("known")


if __name__ == "__main__":
    print(make_store(Path(sys.argv[1]), calls=int(sys.argv[2]) if len(sys.argv) > 2 else 200))
