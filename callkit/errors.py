"""Every way callkit can fail, as one small tree of exceptions with stable codes.

An error says *what* happened and *what to do*, and never quotes what was said on a call: messages hold codes, call ids,
settings, counts and redacted file names only. Third-party exceptions quote their input, so they are never chained
(`raise ... from None`) and only their type is named.
"""

from __future__ import annotations

#: Each code with its meaning. The README lists them all; a test compares. Add yours to the part it belongs to.
CODES: dict[str, str] = {
    # usage and configuration
    "usage": "the command or call was given arguments it cannot use",
    "config-unknown": "a setting's name is not one callkit knows",
    "config-invalid": "a setting's value has the wrong type or is out of range",
    "config-missing": "a configuration file that was named cannot be read",
    "plan-invalid": "the stages asked for do not fit together",
    "extra-missing": "a package of an optional extra is not installed",
    "internal": "a defect in callkit itself",
    # models
    "model-missing": "a model's files were not found anywhere allowed",
    "model-corrupt": "a model's file does not have the expected SHA-256",
    # recordings
    "path-missing": "no file or folder at a path that was given",
    "path-denied": "a file cannot be read for lack of permission",
    "path-loop": "a symbolic link leads back to itself",
    "no-recordings": "nothing that looks like a recording was found",
    "manifest-invalid": "a manifest or sidecar cannot be understood",
    "audio-empty": "a recording has no bytes or no samples",
    "audio-unreadable": "a file is not audio, or in a format that cannot be decoded",
    "audio-truncated": "a recording ends before its header says it should",
    "audio-too-short": "a recording is too short to hold a call",
    "audio-too-many-channels": "a recording has more channels than a call can have",
    "audio-not-finite": "a recording holds samples that are not numbers",
    # processing
    "stage-failed": "a stage raised; the call's other results are kept as they were",
    "private-data": "private data was about to leave the process that holds it",
    "endpoint-failed": "the summary endpoint did not answer as it should",
    "worker-died": "a worker process ended while it held a call",
    # synthetic calls and benchmarks
    "script-invalid": "a script of a synthetic call cannot be understood or spoken",
    "labels-missing": "nothing with labels to measure against was found",
    # store
    "store-missing": "there is no store at the path given",
    "store-newer": "the store was written by a newer callkit",
    "store-older": "the snapshot was written by an older callkit and must be brought up to date first",
    "store-locked": "another run is writing to this store",
    "store-write": "the store or a file beside it cannot be written (full or read-only disk)",
    "store-invalid": "the file is not a callkit store",
    "call-missing": "no call with that id, or more than one begins with it",
    "query-invalid": "a query is not one read-only SQL statement that the store can answer",
    "vault-key": "the vault's key is absent or wrong",
}


class CallkitError(Exception):
    """What went wrong, in words that are safe to show and log.

    `code` is a key of `CODES`, `what` one sentence of fact, `hint` one sentence that tells the reader what to do.
    """

    def __init__(self, code: str, what: str, hint: str = "") -> None:
        if code not in CODES:
            raise ValueError(f"unknown error code {code!r}")
        super().__init__(code, what, hint)
        self.code = code
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"error[{self.code}]: {self.what}" + (f"\nhint: {self.hint}" if self.hint else "")


class UsageError(CallkitError):
    """The caller's mistake: wrong arguments. The command line exits with 2."""


class ConfigError(UsageError):
    """A configuration file or `--set` that cannot be used."""


class ModelError(CallkitError):
    """A model that is absent or not what it should be."""


class AudioError(CallkitError):
    """A recording that cannot be used. The run goes on with the other calls."""


class StoreError(CallkitError):
    """The store cannot be read or written."""


class PrivacyError(CallkitError):
    """Private data was about to be stored, pickled, logged or sent. Always a defect; always stops the call."""

    def __init__(self, what: str) -> None:
        super().__init__("private-data", what, "this is a defect in callkit or in a plug-in; nothing was written")


class StageError(CallkitError):
    """A stage failed on one call. Names the stage and the cause's type, never the cause's text."""

    def __init__(self, code: str, call_id: str, stage: str, what: str, hint: str = "") -> None:
        super().__init__(code, what, hint)
        self.call_id = call_id
        self.stage = stage
