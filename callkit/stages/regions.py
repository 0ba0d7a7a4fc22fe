"""Which stretches of a recording to listen to: the channels in use, without hold music, silence and ringback."""

from __future__ import annotations

from callkit.model import Inspection, SegmentKind
from callkit.protocols import Region

#: Segments in which nobody on the call is talking.
NOT_TALK: frozenset[SegmentKind] = frozenset({"silence", "hold", "music", "ringback", "voicemail_beep"})
#: A stretch shorter than this (seconds) holds no word.
SHORTEST_S = 0.1


def listening_channels(inspection: Inspection) -> tuple[int | None, ...]:
    """The channels to listen to one by one; (None,) stands for the mean of all, where several must be mixed."""
    if inspection.path == "none":
        return ()
    used = inspection.channels_used
    if inspection.path == "channels" or len(used) == 1:
        return used
    return (None,)


def two_sided(inspection: Inspection) -> bool:
    """Are there two channels with one side of the call on each?"""
    return inspection.path == "channels" and len(inspection.channels_used) == 2 == len(inspection.channels)


def talk_regions(inspection: Inspection) -> tuple[Region, ...]:
    """Every stretch of each listened-to channel outside the segments without talk, by channel and start."""
    found = []
    for channel in listening_channels(inspection):
        silent = sorted(
            (segment.start, segment.end)
            for segment in inspection.segments
            if segment.kind in NOT_TALK and (segment.channel in (None, channel))
        )
        for start, end in outside(silent, 0.0, inspection.duration_s):
            if end - start >= SHORTEST_S:
                found.append(Region(channel, start, end))
    return tuple(found)


def outside(intervals: list[tuple[float, float]], start: float, end: float) -> list[tuple[float, float]]:
    """What is left of [start, end) without the intervals, which are sorted by start."""
    left = []
    for first, last in intervals:
        if first > start:
            left.append((start, min(first, end)))
        start = max(start, last)
        if start >= end:
            return left
    return [*left, (start, end)]
