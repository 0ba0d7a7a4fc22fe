"""Does a file hold all that it should? What containers say of their own length, read from their bytes.

Decoders play what there is of a recording that was cut off. These checks find the cut where the format allows it:
RIFF's and MP4's sizes, Ogg's end-of-stream flag, the last MPEG frame's length and the frame count ahead of the first.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

#: Sizes from here on are what programs write that do not know the length (pipes): ffmpeg 0xFFFFFFFF, sox 0x7FFFF000.
UNKNOWN_SIZE = 0x7FFF0000


def family(head: bytes) -> str:
    """The container by its first bytes (12 are enough) where that matters here, else ""."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:3] == b"ID3" or mp3_frame_length(head):
        return "mp3"
    return "ogg" if head[:4] == b"OggS" else ""


def is_cut_off(file: BinaryIO, kind: str) -> bool:
    """Does the container say that it should be longer than it is? False where the format cannot tell."""
    check = _CHECKS.get(kind)
    size = file.seek(0, os.SEEK_END)
    return check(file, size) if check else False


def _wav(file: BinaryIO, size: int) -> bool:
    """The data chunk's size, in RF64 that of the ds64 chunk, against the bytes there are."""
    file.seek(0)
    order = ">" if file.read(4) == b"RIFX" else "<"
    position, wide = 12, 0
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        if name == b"ds64" and length >= 16:
            wide = struct.unpack("<8xQ", file.read(16))[0]
        if name == b"data":
            length = wide if wide and length == 0xFFFFFFFF else length
            return (length < UNKNOWN_SIZE or wide > 0) and position + 8 + length > size
        position += 8 + length + length % 2
    return True


def _mp4(file: BinaryIO, size: int) -> bool:
    """The boxes at the top level fill the file exactly."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        length, _ = struct.unpack(">I4s", file.read(8))
        if length == 1 and position + 16 <= size:
            length = struct.unpack(">Q", file.read(8))[0]
        if length == 0:  # "to the end of the file"
            return False
        if length < 8:
            return True
        position += length
    return position != size


def _ogg(file: BinaryIO, size: int) -> bool:
    """The last page carries the end-of-stream flag and all its bytes (RFC 3533)."""
    window = min(size, 2 * 65_307)
    file.seek(size - window)
    tail = file.read(window)
    place = tail.rfind(b"OggS")
    if place < 0 or place + 27 > len(tail):
        return True
    segments = tail[place + 27 : place + 27 + tail[place + 26]]
    whole = place + 27 + tail[place + 26] + sum(segments) <= len(tail)
    return not (whole and tail[place + 5] & 4)


def _mp3(file: BinaryIO, size: int) -> bool:
    """The last frame is whole, and the frames are as many as the Xing or Info header ahead of them says."""
    announced, found, end = None, 0, 0
    for found, (start, length, head) in enumerate(_mp3_frames(file, size)):
        if found == 0:
            announced = _xing_frames(head)
        end = start + length
    return end > size or (announced is not None and found < announced)


def _mp3_frames(file: BinaryIO, size: int) -> Iterator[tuple[int, int, bytes]]:
    """(start, length in bytes, first bytes) of each MPEG layer III frame; what is between frames is passed over."""
    file.seek(0)
    head = file.read(10)
    position = 0
    if head[:3] == b"ID3" and len(head) == 10:
        position = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    window_at, window = position, b""
    while position + 4 <= size:
        if position + 256 > window_at + len(window):
            file.seek(position)
            window_at, window = position, file.read(1 << 20)
        head = window[position - window_at : position - window_at + 256]
        length = mp3_frame_length(head)
        if length:
            yield position, length, head
            position += length
        else:
            next_sync = window.find(b"\xff", position - window_at + 1)
            position = window_at + (next_sync if next_sync > 0 else len(window))


_BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def mp3_frame_length(head: bytes) -> int:
    """Bytes of the MPEG 1, 2 or 2.5 layer III frame that begins with `head`; 0 where none begins (ISO 11172-3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    kilobits = (_BITRATES_1 if version == 3 else _BITRATES_2)[bitrate]
    return (144 if version == 3 else 72) * kilobits * 1000 // _RATES[version][rate] + (head[2] >> 1 & 1)


def _xing_frames(head: bytes) -> int | None:
    """The number of frames that a Xing or Info frame announces, itself not counted."""
    place = max(head.find(b"Xing"), head.find(b"Info"))
    if place < 0 or place + 12 > len(head):
        return None
    flags, frames = struct.unpack(">II", head[place + 4 : place + 12])
    return int(frames) if flags & 1 else None


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {"wav": _wav, "mp4": _mp4, "ogg": _ogg, "mp3": _mp3}
