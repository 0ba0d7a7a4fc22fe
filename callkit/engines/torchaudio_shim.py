"""Make torchaudio importable where its compiled part is not.

`torchaudio` has no CPU build for the torch this project pins: its extension wants CUDA libraries and `import torchaudio`
raises. transformers, presidio_analyzer and pyannote.audio all import it. Its Python half (resampling, Kaldi features)
needs no extension, so the extension, and only that, is replaced by a stand-in, and only where the real one fails.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_EXTENSION = "torchaudio._extension"


def ensure_torchaudio() -> None:
    """Call in an engine's `open()` before importing transformers, presidio_analyzer or pyannote. Idempotent."""
    try:
        importlib.import_module("torchaudio")
    except OSError:  # what the dynamic loader raises for the missing CUDA libraries
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
            del sys.modules[name]
        sys.modules[_EXTENSION] = _stand_in()
        importlib.import_module("torchaudio")


def _stand_in() -> ModuleType:
    """The names of `torchaudio._extension` that torchaudio's Python half asks for, saying that nothing is compiled."""

    def unchanged(function: Any) -> Any:
        return function

    module = ModuleType(_EXTENSION)
    vars(module).update(_IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=unchanged)
    return module
