"""Kokoro-82M through onnxruntime: the voices of the sample calls.

The five voices that install by pip were made for Japanese and speak English with `lang="en-us"`.
Model: https://huggingface.co/hexgrad/Kokoro-82M (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callkit.errors import CallkitError
from callkit.models import Models
from callkit.protocols import JSON, Spoken


class Kokoro:
    """Speech in any of `voices`. It gives no word times."""

    name = "kokoro"
    voices = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
    timed = False

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self.models = models
        self.cores = cores
        self._voice: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.models.digest("kokoro")}

    def describe(self) -> tuple[str, str]:
        return self.name, "kokoro"

    def open(self) -> None:
        if self._voice is not None:
            return
        try:
            import kokoro_onnx
            import onnxruntime
        except ImportError:
            raise CallkitError(
                "extra-missing", "kokoro-onnx is not installed", 'pip install "callkit[synth]"'
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.cores
        path = str(self.models.path("kokoro"))
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._voice = kokoro_onnx.Kokoro.from_session(session, str(self.models.path("kokoro-voices")))

    def say(self, text: str, *, voice: str, speed: float = 1.0) -> Spoken:
        samples, rate = self._voice.create(text, voice=voice, speed=speed, lang="en-us")
        return Spoken(samples.astype("float32"), rate)

    def close(self) -> None:
        self._voice = None
