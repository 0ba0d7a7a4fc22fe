"""Stock Presidio: `AnalyzerEngine` with its predefined recognizers over spaCy's small English model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.models import Models
from callkit.protocols import JSON, EntitySpan


class StockPresidio:
    """Whatever it finds and would anonymize by default, under Presidio's own names."""

    name = "presidio"
    task = "pii"

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self.models = models
        self._analyzer: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.models.digest("en-core-web-sm")}

    def describe(self) -> tuple[str, str]:
        return self.name, "en-core-web-sm"

    def open(self) -> None:
        if self._analyzer is not None:
            return
        for name in ("presidio-analyzer", "presidio_analyzer", "decision_process", "tldextract"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        ensure_torchaudio()
        import tldextract
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider

        # Presidio's e-mail recognizer would fetch a list of domains; the one that comes with tldextract does.
        tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # type: ignore[assignment]
        model = {"lang_code": "en", "model_name": str(self.models.path("en-core-web-sm"))}
        provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]})
        self._analyzer = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])

    def entities(self, texts: Sequence[str]) -> list[list[EntitySpan]]:
        """What is found in each text by itself."""
        return [
            [
                EntitySpan(found.start, found.end, found.entity_type, float(found.score), self.name)
                for found in self._analyzer.analyze(text, language="en")
            ]
            for text in texts
        ]

    def close(self) -> None:
        self._analyzer = None
