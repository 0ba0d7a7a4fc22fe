"""Logging that cannot quote a call: what other libraries log is reduced to who logged and how grave it is.

Presidio logs the text it analyses, transformers and faster-whisper what they decode, and `warnings` quote their
arguments. Levels and filters on single loggers don't hold (libraries add handlers of their own), so the text is taken
out where every record is made, whichever handler gets it later.
"""

from __future__ import annotations

import logging
import sys
from typing import IO, Any

WITHHELD = "(text withheld: it may quote a call)"


def withhold() -> None:
    """From now on, in this process, records of any logger but callkit's own carry no text, arguments or traceback.

    Called at the start of the command line and of every worker process; calling it again changes nothing.
    """
    logging.captureWarnings(True)
    if not isinstance(logging.getLogRecordFactory(), _Withholding):
        logging.setLogRecordFactory(_Withholding(logging.getLogRecordFactory()))


def set_up(verbosity: int) -> None:
    """Send log records to standard error. `verbosity`: -1 errors alone, 0 warnings, 1 what callkit does, 2 everything.

    Other libraries' records appear at 2 only, and then without their text.
    """
    withhold()
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _StandardError)]:
        root.removeHandler(handler)
    handler = _StandardError()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    if verbosity < 2:
        handler.addFilter(lambda record: _ours(record.name))
    root.addHandler(handler)
    root.setLevel({-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG))


def _ours(logger: str) -> bool:
    return logger == "callkit" or logger.startswith("callkit.")


class _Withholding:
    """A record factory that keeps callkit's messages and drops everyone else's; no record carries a traceback."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self.make(*args, **kwargs)
        record.exc_info = record.exc_text = None
        if not _ours(record.name):
            record.msg, record.args = WITHHELD, ()
        return record


class _StandardError(logging.StreamHandler[IO[str]]):
    """Writes to whatever `sys.stderr` is at the moment: a progress bar puts itself there to keep lines apart."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> IO[str]:  # type: ignore[override]
        return sys.stderr
