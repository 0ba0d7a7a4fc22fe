"""Presidio with spaCy's small English model: named entities and well-known formats in written text.

What is spoken, and what only the conversation explains, is the business of `callkit.text`; Presidio adds the people and
places a statistical model sees, and the formats it validates (IBAN, IP, phone numbers by libphonenumber).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.protocols import JSON, EntitySpan

if TYPE_CHECKING:
    from callkit.config import RedactSettings
    from callkit.models import Models

MODEL = "en-core-web-sm"

#: Presidio's entity names in callkit's words. Places and organisations are evidence, never redacted by themselves.
ENTITIES = {
    "PERSON": "PERSON",
    "LOCATION": "LOCATION",
    "ORGANIZATION": "ORGANIZATION",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "PHONE_NUMBER": "PHONE",
    "US_SSN": "SSN",
    "CREDIT_CARD": "CARD",
}

_SURROGATE = re.compile("[\ud800-\udfff]")

#: Parts of the spaCy model that no entity needs: leaving them out makes it several times faster.
_UNUSED = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]

#: spaCy's labels in Presidio's words; the rest is left out.
_NER = {
    "model_to_presidio_entity_mapping": {
        "PERSON": "PERSON",
        "GPE": "LOCATION",
        "LOC": "LOCATION",
        "FAC": "LOCATION",
        "ORG": "ORGANIZATION",
        "PRODUCT": "ORGANIZATION",
        "NORP": "ORGANIZATION",
    },
    "labels_to_ignore": [
        "CARDINAL",
        "DATE",
        "EVENT",
        "LANGUAGE",
        "LAW",
        "MONEY",
        "ORDINAL",
        "PERCENT",
        "QUANTITY",
        "TIME",
        "WORK_OF_ART",
    ],
}


class PresidioRecognizer:
    """Presidio's analyzer over spaCy's `en_core_web_sm` (entities only). English; other languages give no spans."""

    name = "presidio"

    def __init__(self, *, settings: RedactSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self._analyzer: Any = None
        self._batch: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": MODEL, "digest": self.models.digest(MODEL)}

    def describe(self) -> tuple[str, str]:
        return self.name, MODEL

    def open(self) -> None:
        if self._analyzer is not None:
            return
        _keep_quiet()
        ensure_torchaudio()
        import spacy
        from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
        from presidio_analyzer import predefined_recognizers as predefined
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

        nlp_engine: Any = SpacyNlpEngine(ner_model_configuration=NerModelConfiguration(**_NER))
        nlp_engine.nlp = {"en": spacy.load(self.models.path(MODEL), exclude=_UNUSED)}
        # Presidio's e-mail and URL recognizers are left out: they ask tldextract, which asks the network.
        recognizers = [
            predefined.SpacyRecognizer(supported_entities=["PERSON", "LOCATION", "ORGANIZATION"]),
            predefined.IbanRecognizer(),
            predefined.IpRecognizer(),
            predefined.PhoneRecognizer(),
            predefined.UsSsnRecognizer(),
            predefined.CreditCardRecognizer(),
        ]
        self._analyzer = AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=recognizers), nlp_engine=nlp_engine, supported_languages=["en"]
        )
        self._batch = BatchAnalyzerEngine(self._analyzer)

    def close(self) -> None:
        self._analyzer = self._batch = None

    def recognize(self, texts: Sequence[str], *, language: str = "en") -> list[list[EntitySpan]]:
        """Spans of each text, in code points, sorted by start."""
        if language != "en":
            return [[] for _ in texts]
        # spaCy cannot read lone surrogates, which broken input may hold.
        readable = [_SURROGATE.sub("\ufffd", text) for text in texts]
        found = self._batch.analyze_iterator(readable, language="en", entities=list(ENTITIES), batch_size=128)
        return [
            sorted((_span(result) for result in results), key=lambda span: (span.start, span.end)) for results in found
        ]


def _span(result: Any) -> EntitySpan:
    recognizer = (result.recognition_metadata or {}).get("recognizer_name", "presidio")
    return EntitySpan(
        result.start, result.end, ENTITIES[result.entity_type], float(result.score), f"presidio:{recognizer}"
    )


def _keep_quiet() -> None:
    """Presidio logs the text it analyses: those loggers are switched off."""
    for name in ("presidio-analyzer", "presidio_analyzer", "decision_process", "spacy"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
