"""Three small stages of a third party: hear (private words), redact (safe turns), mood. Quick, and they keep count.

Each run is a line "stage call_id" in the file `$TOY_LOG`. `$TOY_MOOD` is mood's only setting. Trouble on request, by the
beginning of a call's id or "all": `$TOY_FAIL` raises in hear, `$TOY_KILL` kills its process, `$TOY_KILL_MOOD` that of mood. `$TOY_SLOW` takes that many
seconds, `$TOY_PRINT` prints what should not be seen, `$TOY_LEAK` gives raw turns for safe ones.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from callkit import model
from callkit.protocols import Resources

SECRET = "4929 7213 0458 6611"
CVV = "731"


def _note(stage: str, call: model.Call) -> None:
    with open(os.environ["TOY_LOG"], "a") as file:
        file.write(f"{stage} {call.call_id}\n")


def _wanted(variable: str, call: model.Call) -> bool:
    wanted = os.environ.get(variable, "")
    return wanted == "all" or (bool(wanted) and call.call_id.startswith(wanted))


class _Toy:
    version = 1
    scope = "call"
    resources = Resources()
    name = ""

    def identity(self) -> Mapping[str, Any]:
        return {}

    def describe(self) -> tuple[str, str]:
        return "toy", "toy-1"

    def open(self) -> None:
        with open(os.environ["TOY_LOG"], "a") as file:
            file.write(f"open {self.name}\n")

    def close(self) -> None: ...


class Hear(_Toy):
    name = "toy_hear"
    requires = ("audio",)
    provides = ("inspection", "words", "language", "speaker_spans")

    def run(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        call = given["call"]
        _note(self.name, call)
        if _wanted("TOY_KILL", call):
            os.kill(os.getpid(), signal.SIGKILL)
        if os.environ.get("TOY_PRINT"):
            print(SECRET, flush=True)
            print(SECRET, file=sys.stderr, flush=True)
        if _wanted("TOY_FAIL", call):
            raise ValueError(f"cannot hear {SECRET}")
        time.sleep(float(os.environ.get("TOY_SLOW", "0")))
        seconds = given["audio"].duration_s
        texts = f"hello {call.call_id} my card is {SECRET} and code {CVV} thank you".split()
        words = tuple(model.Word(i * 0.05, i * 0.05 + 0.04, text, 0, 0.9, "en") for i, text in enumerate(texts))
        stats = model.ChannelStats(0, -20.0, -3.0, 30.0, 0.0, 0.0, 3400.0, False)
        inspection = model.Inspection(seconds, 8000, "pcm", "mono", "diarization", "one channel", (stats,), (0,))
        return {
            "inspection": inspection,
            "words": words,
            "language": model.Language("en", 0.9),
            "speaker_spans": (model.SpeakerSpan("S0", 0.0, 0.5), model.SpeakerSpan("S1", 0.4, 0.8)),
        }


class Redact(_Toy):
    name = "toy_redact"
    requires = ("words",)
    provides = ("raw_turns", "turns", "redactions")

    def run(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        _note(self.name, given["call"])
        words = given["words"]
        end = words[-1].end
        card = model.SafeWord(words[5].start, words[8].end, "[CARD]", 0, 0.9, "en", "CARD", 4)
        cvv = model.SafeWord(words[11].start, words[11].end, "[CVV]", 0, 0.9, "en", "CVV", 1)
        plain = [model.SafeWord(w.start, w.end, w.text, w.channel, w.confidence, w.language) for w in words]
        safe = (*plain[:5], card, *plain[9:11], cvv, *plain[12:])
        if _wanted("TOY_LEAK", given["call"]):
            return {
                "raw_turns": (),
                "turns": (model.Turn(0, "S0", "customer", None, 0.0, end, words),),
                "redactions": (),
            }
        return {
            "raw_turns": (model.Turn(0, "S0", "customer", None, 0.0, end, words),),
            "turns": (model.SafeTurn(0, "S0", "customer", None, 0.0, end, safe),),
            "redactions": (
                model.Redaction(0, 5, 8, 5, words[5].start, words[8].end, "CARD", 1.0, "toy"),
                model.Redaction(0, 11, 11, 8, words[11].start, words[11].end, "CVV", 1.0, "toy"),
            ),
        }


class Mood(_Toy):
    name = "toy_mood"
    requires = ("turns",)
    provides = ("sentiment",)

    def identity(self) -> Mapping[str, Any]:
        return {"mood": os.environ.get("TOY_MOOD", "")}

    def run(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        _note(self.name, given["call"])
        if _wanted("TOY_KILL_MOOD", given["call"]):
            os.kill(os.getpid(), signal.SIGKILL)
        label = os.environ.get("TOY_MOOD") or "neutral"
        return {"sentiment": tuple(model.Sentiment(turn.index, label, 0.0, 0.1, 0.8, 0.1) for turn in given["turns"])}


class MoodOfMany(Mood):
    """The same, for many calls at once."""

    def run_many(self, givens: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        with open(os.environ["TOY_LOG"], "a") as file:
            file.write(f"together {len(givens)}\n")
        return [self.run(given) for given in givens]
