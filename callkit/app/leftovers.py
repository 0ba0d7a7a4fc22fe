"""What lies beside the store: muted audio put in place, and what a run that died left behind cleared away."""

from __future__ import annotations

import shutil
from pathlib import Path

from callkit.config import Config
from callkit.model import MutedAudio, Outcome
from callkit.store.files import StoreFiles, cannot_write, swap_in
from callkit.store.ledger import Ledger

#: `mute` writes `.<call_id>.flac.tmp`; it becomes `<call_id>.flac` when the call is stored.
_UNFINISHED = ".*.flac.tmp"


def with_audio_folder(config: Config, files: StoreFiles) -> Config:
    """The configuration with the folder for muted audio filled in: beside the store unless set; none if not kept."""
    folder = (config.mute.folder or str(files.audio)) if config.audio.keep_muted else ""
    return config.model_copy(update={"mute": config.mute.model_copy(update={"folder": folder})})


def keep_audio(outcome: Outcome, files: StoreFiles, config: Config) -> None:
    """Put a call's muted recording in place, before the call is stored: a row never points to a file that is not there.

    Where it is no longer kept, the earlier one goes.
    """
    muted: MutedAudio | None = outcome.facets.get("muted")
    try:
        if muted and not muted.file:
            (files.audio / f"{outcome.call.call_id}.flac").unlink(missing_ok=True)
        if not config.mute.folder:
            return
        unfinished = Path(config.mute.folder, f".{outcome.call.call_id}.flac.tmp")
        if outcome.failed:
            unfinished.unlink(missing_ok=True)
        elif muted and muted.file and unfinished.exists():
            swap_in(unfinished, unfinished.with_name(muted.file))
    except OSError:
        raise cannot_write() from None


def erase(files: StoreFiles, config: Config, call_ids: list[str]) -> None:
    """Remove these calls' muted audio and vault folders."""
    folders = {files.audio, Path(config.mute.folder)} if config.mute.folder else {files.audio}
    try:
        for call_id in call_ids:
            for folder in folders:
                (folder / f"{call_id}.flac").unlink(missing_ok=True)
            if (files.vault / call_id).is_dir():
                shutil.rmtree(files.vault / call_id)
    except OSError:
        raise cannot_write() from None


def clear(ledger: Ledger, config: Config) -> None:
    """Remove what a run that died left half written, and files of calls that the ledger no longer knows."""
    files = ledger.files
    folders = {files.audio, Path(config.mute.folder)} if config.mute.folder else {files.audio}
    try:
        for folder in folders:
            for unfinished in folder.glob(_UNFINISHED):
                unfinished.unlink(missing_ok=True)
        kept = [path.stem for path in files.audio.glob("*.flac")] + [path.name for path in files.vault.glob("*")]
        if kept:
            erase(files, config, sorted(set(kept) - set(ledger.call_ids())))
    except OSError:
        raise cannot_write() from None
