"""The plain pyannote.audio pipeline: segmentation-3.0 stepping by a second, agglomerative clustering with the published
settings of speaker-diarization-3.1, and CAM++ as the voice embedding, since that is what installs by pip."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callkit.audio import open_audio
from callkit.engines.pyannote import embed_voices, load_campplus
from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.model import SpeakerSpan, seconds
from callkit.models import Models
from callkit.protocols import JSON

#: https://huggingface.co/pyannote/speaker-diarization-3.1, config.yaml
_PUBLISHED = {
    "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799},
    "segmentation": {"min_duration_off": 0.0},
}


class PlainPyannote:
    """Any number of speakers, as the pipeline decides; the recording mixed to mono."""

    name = "pyannote"
    task = "speakers"

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self.models = models
        self.cores = cores
        self._pipeline: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "models": [self.models.digest(name) for name in ("segmentation-3.0", "campplus")]}

    def describe(self) -> tuple[str, str]:
        return self.name, "segmentation-3.0 + campplus"

    def open(self) -> None:
        if self._pipeline is not None:
            return
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
        ensure_torchaudio()
        import torch
        from pyannote.audio.pipelines import speaker_diarization

        torch.set_num_threads(self.cores)
        module: Any = speaker_diarization
        voice = load_campplus(self.models.path("campplus-network"), self.models.path("campplus"))
        # The pipeline asks the hub for these two whatever it is given; without a hub they are handed to it.
        asked = module.get_plda, module.PretrainedSpeakerEmbedding
        module.get_plda = lambda *arguments, **options: None
        module.PretrainedSpeakerEmbedding = lambda *arguments, **options: _embedding(voice)
        try:
            self._pipeline = module.SpeakerDiarization(
                segmentation=str(self.models.path("segmentation-3.0")),
                clustering="AgglomerativeClustering",
                embedding_exclude_overlap=True,
                segmentation_batch_size=32,
                embedding_batch_size=32,
            )
        finally:
            module.get_plda, module.PretrainedSpeakerEmbedding = asked
        self._pipeline.instantiate(_PUBLISHED)

    def spans(self, path: Path) -> tuple[SpeakerSpan, ...]:
        """Who speaks when on a recording."""
        import torch

        with open_audio(path) as audio:
            wave = torch.from_numpy(audio.read(None))[None]
        output = self._pipeline({"waveform": wave, "sample_rate": 16_000})
        annotation = getattr(output, "speaker_diarization", output)
        return tuple(
            SpeakerSpan(str(label), seconds(span.start), seconds(span.end))
            for span, _, label in annotation.itertracks(yield_label=True)
        )

    def close(self) -> None:
        self._pipeline = None


def _embedding(voice: Any) -> Any:
    """CAM++ in the shape the pipeline wants: masked waveforms to one vector each, NaN where too little is left."""
    import numpy as np
    import torch
    from pyannote.audio.core.inference import BaseInference

    class Embedding(BaseInference):
        sample_rate = 16_000
        dimension = 192
        metric = "cosine"
        min_num_samples = 4_000

        def __call__(self, waveforms: Any, masks: Any = None) -> Any:
            vectors = np.full((len(waveforms), self.dimension), np.nan, np.float32)
            kept: list[Any] = []
            places: list[int] = []
            for place, wave in enumerate(waveforms):
                samples = wave[0]
                if masks is not None:
                    mask = torch.nn.functional.interpolate(masks[place][None, None].float(), size=len(samples))
                    samples = samples[mask[0, 0] > 0.5]
                if len(samples) >= self.min_num_samples:
                    kept.append(samples.numpy())
                    places.append(place)
            if kept:
                vectors[places] = embed_voices(voice, kept, step=1)
            return vectors

    return Embedding()
