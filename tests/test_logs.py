"""Logs cannot quote a call, whichever library logs."""

from __future__ import annotations

import io
import logging
import warnings

import pytest

from callkit import logs

SECRET = "four one one one, Ines Ortega"


@pytest.fixture
def restored():
    """Logging as it was, afterwards."""
    factory, handlers, level = logging.getLogRecordFactory(), list(logging.root.handlers), logging.root.level
    yield
    logging.captureWarnings(False)
    logging.setLogRecordFactory(factory)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.mark.parametrize(
    "name", ["presidio-analyzer", "transformers.modeling", "faster_whisper", "pyannote.audio", "callkitten"]
)
def test_other_libraries_records_have_no_text(restored, name):
    logs.withhold()
    out = io.StringIO()
    logger = logging.getLogger(name)
    handler = logging.StreamHandler(out)  # as a library does that adds a handler of its own
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        logger.debug("decoded %s", SECRET)
        try:
            raise ValueError(SECRET)
        except ValueError:
            logger.exception(SECRET)
    finally:
        logger.removeHandler(handler)
    assert logs.WITHHELD in out.getvalue()
    assert "Ortega" not in out.getvalue()


@pytest.mark.parametrize(("verbosity", "shown"), [(-1, 1), (0, 2), (1, 3), (2, 4)])
def test_verbosity(restored, capsys, verbosity, shown):
    logs.set_up(verbosity)
    logger = logging.getLogger("callkit.test")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logger.log(level, "a call took 3 s")
    assert capsys.readouterr().err.count("a call took 3 s") == shown


@pytest.mark.parametrize("verbosity", [0, 1, 2])
def test_warnings_and_other_libraries_say_nothing_even_at_vv(restored, capsys, verbosity):
    logs.set_up(verbosity)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.withhold()
        warnings.warn(SECRET, stacklevel=1)
    logging.getLogger("presidio-analyzer").error(SECRET)
    err = capsys.readouterr().err
    assert "Ortega" not in err
    assert (logs.WITHHELD in err) == (verbosity == 2)


def test_our_own_records_carry_no_traceback(restored, capsys):
    logs.set_up(2)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("callkit.test").exception("a stage failed")
    err = capsys.readouterr().err
    assert "a stage failed" in err and "Ortega" not in err


def test_setting_up_twice_writes_once(restored, capsys):
    logs.set_up(0)
    logs.set_up(1)
    logging.getLogger("callkit.test").warning("once")
    assert capsys.readouterr().err.count("once") == 1
