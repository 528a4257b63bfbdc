"""Videos that are odd, damaged, cut off, or none at all; each frame carries its own number.

`CASES` is run by `tests/test_bad_videos.py`: sequential reading, random access and clips must give the
same frames under the right numbers, or a message must name the file and a remedy.
"""
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from bad_input import Case

from lightning_pose_nb.core.testing import number_frame

N = 60           # frames of a video
SIZE = (48, 64)  # height and width of a frame


@dataclass(frozen=True)
class Film:
    "How a test video is encoded."
    codec: str = 'libx264'
    n: int = N
    size: tuple[int, int] = SIZE
    pix_fmt: str = 'yuv420p'
    rate: int | Fraction = 30
    times: Sequence[int] | None = None                  # time stamps in units of `base`; None: at the rate
    base: Fraction = Fraction(1, 1000)
    container: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expect:
    "What is read from a video."
    numbers: tuple[int, ...] | None = tuple(range(N))   # that rows carry; None: those of their rows
    fps: float | None = 30.
    promised: int | None = N                            # frames; -1: anything
    lost: tuple[int, ...] | None = ()                   # rows of lost frames; None: there are some
    size: tuple[int, int] = SIZE
    says: str = ''                                      # a part of a warning
    upright: Callable[[np.ndarray], np.ndarray] = np.asarray # turns a frame so that its number can be read


def encode(path: Path, **settings) -> Path:
    "A video of numbered frames."
    film = Film(**settings)
    with av.open(str(path), 'w', options=film.container) as container:
        stream = container.add_stream(film.codec, rate=film.rate, options=dict(film.options))
        stream.height, stream.width = film.size
        stream.pix_fmt = film.pix_fmt
        if film.times is not None: stream.codec_context.time_base = film.base
        for i in range(film.n):
            frame = av.VideoFrame.from_ndarray(number_frame(i, film.size), format='rgb24')
            if film.times is not None:
                frame.pts = film.times[i]
                frame.time_base = film.base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def video(name: str, **settings) -> Callable[[Path], Path]:
    "Makes a video of this name in a folder."
    return lambda folder: encode(folder/name, **settings)


def h264(name: str, bf: int = 2, g: int = 12, **settings) -> Callable[[Path], Path]:
    "Makes an H.264 video with B-frames and short groups."
    options = {'bf': str(bf), 'g': str(g), 'sc_threshold': '0', 'preset': 'veryfast', **settings.pop('options', {})}
    return video(name, options=options, **settings)


def changed(make: Callable[[Path], Path], change: Callable[[bytes], bytes], name: str = '') -> Callable[[Path], Path]:
    "Makes a video and changes its bytes."
    def make_changed(folder):
        whole = make(folder)
        path = folder/(name or f'changed{whole.suffix}')
        path.write_bytes(change(whole.read_bytes()))
        return path
    return make_changed


def cut(share: float) -> Callable[[bytes], bytes]:
    "Keeps only the beginning of a file."
    return lambda data: data[:int(share*len(data))]


def packets_of(path: Path) -> list[tuple[int, int]]:
    "Place and size in the file of every packet of video."
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]


def spoiled(make: Callable[[Path], Path], first: int, n: int = 1, part: float = 1.) -> Callable[[Path], Path]:
    "Makes a video and overwrites the data of some packets, or the last part of each."
    def make_spoiled(folder):
        path = make(folder)
        data = bytearray(path.read_bytes())
        for start, size in packets_of(path)[first:first+n]:
            begin = start + size - int(part*size)
            data[begin:start+size] = bytes(start+size-begin)
        (folder/f'spoiled{path.suffix}').write_bytes(data)
        return folder/f'spoiled{path.suffix}'
    return make_spoiled


def patched(make: Callable[[Path], Path], name: bytes, skip: int, new: bytes) -> Callable[[Path], Path]:
    "Makes a video and replaces bytes some way behind the name of a field."
    def patch(data):
        at = data.index(name) + len(name) + skip
        return data[:at] + new + data[at+len(new):]
    return changed(make, patch)


def file_of(name: str, content: bytes) -> Callable[[Path], Path]:
    "Makes a file with a content of its own."
    def make(folder):
        (folder/name).write_bytes(content)
        return folder/name
    return make


def renamed(make: Callable[[Path], Path], name: str) -> Callable[[Path], Path]:
    "Makes a file and gives it another name."
    return lambda folder: make(folder).rename(folder/name)


def joined(name: str, *parts: Callable[[Path], Path]) -> Callable[[Path], Path]:
    "Makes some videos and puts their bytes one behind the other."
    def make(folder):
        (folder/name).write_bytes(b''.join([part(folder).read_bytes() for part in parts]))
        return folder/name
    return make


# Files that are no videos

def a_folder(folder: Path) -> Path:
    (folder/'folder.mp4').mkdir()
    return folder/'folder.mp4'


def dangling(folder: Path) -> Path:
    (folder/'link.mp4').symlink_to(folder/'unmounted.mp4')
    return folder/'link.mp4'


def with_sound(name: str, film: Film | None) -> Callable[[Path], Path]:
    "Makes a file with a second of silence, and perhaps a video."
    def make(folder):
        with av.open(str(folder/name), 'w') as container:
            pictures = None
            if film is not None:
                pictures = container.add_stream(film.codec, rate=film.rate)
                pictures.height, pictures.width = film.size
                pictures.pix_fmt = film.pix_fmt
            sound = container.add_stream('aac', rate=44100)
            for i in range(film.n if film and pictures else 0):
                frame = av.VideoFrame.from_ndarray(number_frame(i, film.size), format='rgb24')
                container.mux(pictures.encode(frame))
            if pictures: container.mux(pictures.encode())
            for i in range(43):
                frame = av.AudioFrame(format='fltp', layout='mono', samples=1024)
                for plane in frame.planes: plane.update(bytes(plane.buffer_size))
                frame.sample_rate = 44100
                frame.pts = 1024*i
                container.mux(sound.encode(frame))
            container.mux(sound.encode())
        return folder/name
    return make


def with_picture(name: str, n: int) -> Callable[[Path], Path]:
    "Makes an mp4 file with a cover picture, and a video of `n` frames."
    def make(folder):
        with av.open(str(folder/name), 'w', format='mp4') as container:
            pictures = container.add_stream('libx264', rate=30) if n else None
            if pictures:
                pictures.height, pictures.width = SIZE
                pictures.pix_fmt = 'yuv420p'
            cover = container.add_stream('mjpeg', rate=30)
            cover.height, cover.width, cover.pix_fmt = 240, 320, 'yuvj420p'
            cover.disposition = av.stream.Disposition.attached_pic
            image = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 99, np.uint8), format='rgb24')
            container.mux(cover.encode(image.reformat(format='yuvj420p')))
            container.mux(cover.encode())
            for i in range(n):
                frame = av.VideoFrame.from_ndarray(number_frame(i), format='rgb24')
                container.mux(pictures.encode(frame))
            if pictures: container.mux(pictures.encode())
        return folder/name
    return make


def two_streams(folder: Path) -> Path:
    "A large video and a small one in one file."
    with av.open(str(folder/'two.mkv'), 'w') as container:
        streams = []
        for size in (SIZE, (96, 128)):
            stream = container.add_stream('libx264', rate=30)
            stream.height, stream.width = size
            stream.pix_fmt = 'yuv420p'
            streams.append(stream)
        for i in range(N):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(number_frame(i, (stream.height, stream.width)), format='rgb24')
                container.mux(stream.encode(frame))
        for stream in streams: container.mux(stream.encode())
    return folder/'two.mkv'


NO_VIDEO = [
    ('an empty file', file_of('empty.mp4', b''), 'the file is empty'),
    ('a text named like a video', file_of('text.mp4', b'Dear colleague, it is on the other disk.'), 'it is no video'),
    ('zeros', file_of('zeros.mp4', bytes(100_000)), 'it is no video'),
    ('noise', file_of('noise.avi', np.random.default_rng(1).bytes(50_000)), 'it is no video'),
    ('a folder named like a video', a_folder, 'this is a folder'),
    ('a dangling link', dangling, 'which is not there'),
    ('a file that is not there', lambda folder: folder/'gone.mp4', 'no such video file'),
    ('a file that nobody may read', h264('forbidden.mp4'), 'may not read the file'),
    ('sound only', with_sound('sound.mp4', None), 'holds no video'),
    ('sound only, in a WAV file named mp4', renamed(with_sound('sound.mkv', None), 'sound.mp4'), 'holds no video'),
    ('a cover picture without a video', with_picture('cover.mp4', 0), 'holds no video'),
    ('an mp4 whose index was never written', changed(h264('whole.mp4'), cut(0.5)), 'its index is missing'),
    ('a Matroska file that ends in its header', changed(h264('whole.mkv'), cut(0.02)), 'it is no video'),
    ('a video of which nothing can be decoded', spoiled(h264('whole.mp4'), 0, N), 'not one frame could be decoded'),
]

# Odd videos that are read right

FASTSTART = {'movflags': '+faststart'}
FRAGMENTED = {'movflags': '+frag_keyframe+empty_moov'}
YUVJ = {'pix_fmt': 'yuvj420p'}
ANY_PROMISE = Expect(promised=-1)
UNPROMISED = Expect(promised=None)
SHORT = Expect(numbers=(0,), promised=1, fps=None)
HEVC = {'x265-params': 'log-level=none:keyint=12'}
OPEN_GOP = {'x264-params': 'open-gop=1:keyint=10:bframes=3'}
STRIPES = {'x264-params': 'intra-refresh=1:keyint=20'}
INTERLACED = {'flags': '+ilme+ildct', 'x264-params': 'tff=1'}

CONTAINERS = [
    ('mov', h264('a.mov'), Expect()),
    ('mkv', h264('a.mkv'), Expect()),
    ('fragmented mp4', h264('a.mp4', container=FRAGMENTED), ANY_PROMISE),
    ('3gp', h264('a.3gp'), Expect()),
    ('MPEG-TS', h264('a.ts'), UNPROMISED),
    ('m2ts', h264('a.m2ts'), UNPROMISED),
    ('FLV', h264('a.flv', bf=0), Expect()),
    ('FLV with its own codec', video('own.flv', codec='flv'), Expect()),
    ('ASF', video('a.wmv', codec='wmv2'), ANY_PROMISE),
    ('MXF', video('a.mxf', codec='mpeg2video', rate=25), Expect(fps=25)),
    ('MPEG-PS', video('a.mpg', codec='mpeg2video', options={'bf': '2'}), UNPROMISED),
    ('AVI with B-frames', h264('a.avi'), Expect()),
    ('AVI without B-frames', h264('b.avi', bf=0), Expect()),
    ('AVI with MPEG-4', video('c.avi', codec='mpeg4', options={'bf': '2'}), Expect()),
    ('AVI, motion JPEG', video('d.avi', codec='mjpeg', **YUVJ), Expect()),
    ('AVI, uncompressed', video('e.avi', codec='rawvideo', pix_fmt='bgr24'), Expect()),
    ('NUT, lossless', video('a.nut', codec='ffv1'), ANY_PROMISE),
    ('WebM, VP8', video('8.webm', codec='libvpx', options={'deadline': 'realtime'}), Expect()),
    ('WebM, VP9', video('9.webm', codec='libvpx-vp9', options={'deadline': 'realtime', 'cpu-used': '8'}), Expect()),
    ('YUV4MPEG', video('a.y4m', codec='wrapped_avframe'), UNPROMISED),
    ('bare H.264', h264('a.h264'), UNPROMISED),
    ('bare H.264, upper case', renamed(h264('b.h264'), 'B.H264'), UNPROMISED),
    ('bare motion JPEG', video('a.mjpeg', codec='mjpeg', **YUVJ), Expect(promised=None, fps=25)),
    ('ProRes', video('p.mov', codec='prores_ks', pix_fmt='yuv422p10le'), Expect()),
    ('HEVC', video('h.mp4', codec='libx265', options=HEVC), Expect()),
    ('bare HEVC', video('h.h265', codec='libx265', options=HEVC), UNPROMISED),
    ('Huffyuv', video('huff.avi', codec='huffyuv', pix_fmt='yuv422p'), Expect()),
    ('PNG in mov', video('png.mov', codec='png', pix_fmt='rgb24'), Expect()),
    ('sound beside the frames', with_sound('s.mp4', Film()), Expect()),
    ('sound beside the frames, in Matroska', with_sound('s.mkv', Film()), Expect()),
    ('two videos in one file', two_streams, Expect()),
    ('a cover picture beside the video', with_picture('c.mp4', N), Expect()),
]
PIXELS = [
    ('10 bits', h264('10.mp4', pix_fmt='yuv420p10le'), Expect()),
    ('12 bits', video('12.mkv', codec='ffv1', pix_fmt='yuv420p12le'), Expect()),
    ('16 bits grey', video('16.mkv', codec='ffv1', pix_fmt='gray16le'), Expect()),
    ('grey', h264('grey.mp4', pix_fmt='gray'), Expect()),
    ('full colour (4:4:4)', h264('444.mp4', pix_fmt='yuv444p'), Expect()),
    ('4:2:2', h264('422.mp4', pix_fmt='yuv422p'), Expect()),
    ('odd sides', h264('odd.mp4', pix_fmt='yuv444p', size=(47, 65)), Expect(size=(47, 65))),
    ('one odd side, motion JPEG', video('odd.avi', codec='mjpeg', size=(49, 64), **YUVJ), Expect(size=(49, 64))),
    ('interlaced', h264('lace.mp4', bf=0, options=INTERLACED), Expect()),
    ('pixels that are not square', h264('wide.mp4', options={'aspect': '16:9'}), Expect()),
]


def tkhd(*matrix: int) -> bytes:
    "A display matrix as it stands in an mp4 file."
    a, b, c, d = matrix
    return struct.pack('>9i', a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)


def turned(upright, size, *matrix):
    make = patched(h264('flat.mp4'), b'tkhd', 40, tkhd(*matrix))
    return make, Expect(upright=upright, size=size)


TALL = SIZE[::-1]
TURNED = [
    ('turned by 90 degrees', *turned(lambda frame: np.rot90(frame, 1), TALL, 0, 1, -1, 0)),
    ('turned by 180 degrees', *turned(lambda frame: frame[::-1, ::-1], SIZE, -1, 0, 0, -1)),
    ('turned by 270 degrees', *turned(lambda frame: np.rot90(frame, -1), TALL, 0, -1, 1, 0)),
    ('mirrored', *turned(lambda frame: frame[:, ::-1], SIZE, -1, 0, 0, 1)),
]
GROUPS = [
    ('open groups', h264('open.mp4', options=OPEN_GOP), Expect()),
    ('open groups in a broadcast', h264('open.ts', options=OPEN_GOP), UNPROMISED),
    ('stripes in place of key frames', h264('stripes.mp4', bf=0, options=STRIPES), Expect()),
    ('one key frame in all', h264('long.mp4', g=1000), Expect()),
    ('key frames only', h264('intra.mp4', bf=0, g=1), Expect()),
    ('a single frame', h264('one.mp4', n=1), SHORT),
    ('a single frame in AVI', h264('one.avi', n=1), SHORT),
    ('two frames', h264('two.mp4', n=2), Expect(numbers=(0, 1), promised=2)),
    ('an image named like a video', renamed(video('a.png', codec='png', n=1, pix_fmt='rgb24'), 'image.mp4'),
     replace(SHORT, promised=-1)),
]
TIMES = [
    ('uneven times', h264('vfr.mkv', times=[33*i + 8*(i % 3) for i in range(N)]), Expect(fps=30, promised=-1)),
    ('uneven times in mp4', h264('vfr.mp4', times=[40*i + 13*(i % 4) for i in range(N)]), Expect(fps=None)),
    ('a camera that waits', h264('waits.mkv', times=[33*i + 4000*(i > 20) for i in range(N)]),
     Expect(fps=None, promised=-1)),
    ('a camera that dropped frames', h264('drop.mp4', times=[33*(i+3*(i > 20)) for i in range(N)]), Expect(fps=None)),
    ('2000 frames a second', h264('2000.mp4', rate=2000), Expect(fps=2000)),
    ('2000 frames a second in milliseconds', h264('2000.mkv', rate=2000, times=[i//2 for i in range(N)]),
     Expect(fps=59/0.029, promised=-1)),
    ('12345 frames a second', h264('12345.mp4', rate=12345, container={'movie_timescale': '12345'}),
     Expect(fps=12345)),
    ('one frame in five seconds', h264('slow.mp4', rate=Fraction(1, 5)), Expect(fps=0.2)),
    ('29.97 frames a second', h264('ntsc.mp4', rate=Fraction(30000, 1001)), Expect(fps=30000/1001)),
    ('an AVI header that counts ticks', h264('ticks.avi', rate=200, times=range(0, 5*N, 5)), Expect(fps=200)),
    ('a fine time base', h264('fine.mp4', times=range(0, 3_000_000*N, 3_000_000), base=Fraction(1, 90_000_000)),
     Expect()),
    ('a beginning at ten seconds', h264('late.mkv', times=[10_000 + 40*i for i in range(N)]), Expect(fps=25)),
    ('negative time stamps', h264('negative.mp4', times=[-400 + 40*i for i in range(N)]),
     Expect(numbers=tuple(range(10, N)), promised=-1, fps=25)),
    ('time stamps that begin again', joined('joined.ts', h264('a.ts', n=30), h264('b.ts', n=30)),
     Expect(numbers=(*range(30), *range(30)), promised=None)),
    ('two bare streams in one', joined('joined.h264', h264('a.h264', n=30), h264('b.h264', n=30)),
     Expect(numbers=(*range(30), *range(30)), promised=None)),
]


def with_edit(frames: int) -> Callable[[Path], Path]:
    "Makes an mp4 file whose edit list says that it begins some frames later."
    def edit(data):
        at = data.index(b'elst') + 16
        start, = struct.unpack('>i', data[at:at+4])
        return data[:at] + struct.pack('>i', start + frames*512) + data[at+4:]
    return changed(h264('uncut.mp4'), edit)


def avi_count(by: int) -> Callable[[Path], Path]:
    "Makes an AVI file whose header counts some frames more or fewer."
    def recount(data):
        for name, skip in ((b'avih', 4+16), (b'strh', 4+32)):
            at = data.index(name) + len(name) + skip
            data = data[:at] + struct.pack('<I', N+by) + data[at+4:]
        return data
    return changed(h264('count.avi', bf=0), recount)


HEADERS = [
    ('an edit list that cuts the beginning', with_edit(10), Expect(numbers=tuple(range(10, N)), promised=50)),
    ('a header that counts three frames less', avi_count(-3), Expect(promised=57)),
    ('an AVI file with another suffix', renamed(h264('x.avi'), 'x.mp4'), Expect()),
    ('a WebM file with another suffix', renamed(h264('x.mkv'), 'x.mov'), Expect()),
    ('a colon in the name', renamed(h264('x.mp4'), 'file:x.mp4'), Expect()),
    ('a percent sign and blanks in the name', renamed(h264('x.mp4'), 'a %03d [1] {b}.mp4'), Expect()),
    ('accents in the name', renamed(h264('x.mp4'), 'été 鼠.MP4'), Expect()),
    ('a dash before the name', renamed(h264('x.mp4'), '-i.mp4'), Expect()),
    ('bytes behind the end', changed(h264('x.mp4'), lambda data: data + bytes(5000)), Expect()),
    ('a second mp4 behind the end', changed(h264('x.mp4'), lambda data: 2*data),
     Expect(says='a second recording of')),
    ('a second mov behind the end', changed(h264('x.mov', container=FASTSTART), lambda data: 2*data),
     Expect(says='a second recording of')),
    ('a second flv behind the end', changed(h264('x.flv', bf=0), lambda data: 2*data),
     Expect(says='a second recording of')),
]

# Videos that are cut off or damaged: told

CUT = Expect(numbers=None, lost=None)
CUT_NO_HOLE = Expect(numbers=None)
CUT_UNPROMISED = Expect(numbers=None, promised=None, lost=None)
HOLE = Expect(numbers=None, lost=None, says='frames lost')
HOLE_UNPROMISED = replace(HOLE, promised=None)
CUT_OFF = [
    ('mp4 with its index in front', changed(h264('front.mp4', container=FASTSTART), cut(0.8)), replace(CUT, lost=None)),
    ('mov with its index in front', changed(h264('front.mov', container=FASTSTART), cut(0.7)), replace(CUT, lost=None)),
    ('mkv', changed(h264('whole.mkv'), cut(0.6)), CUT),
    ('webm', changed(video('9.webm', codec='libvpx-vp9', options={'cpu-used': '8'}), cut(0.6)), CUT_NO_HOLE),
    ('avi', changed(h264('whole.avi', bf=0, options={'crf': '1'}), cut(0.7)), CUT),
    ('flv', changed(h264('whole.flv', bf=0), cut(0.6)), CUT),
    ('lossless mkv', changed(video('whole.mkv', codec='ffv1'), cut(0.6)), CUT_NO_HOLE),
    ('a header that counts three frames more', avi_count(3), Expect(promised=63)),
    ('a header that counts one frame more', avi_count(1), Expect(promised=61)),
]
RECEPTION = 188  # bytes of a packet of a broadcast


def lost_packets(first, n):
    return lambda data: data[:RECEPTION*first] + data[RECEPTION*(first+n):]


def without_tags(data):
    "Some frames of an FLV file are gone, from the middle of one to the middle of another."
    tags = [at for at in range(len(data)) if data[at:at+1] == b'\x09' and data[at+8:at+11] == bytes(3)]
    first, last = tags[35], tags[45]
    return data[:first+20] + data[last+20:]


def blotted(data):
    "The data of one frame of bare H.264 is overwritten."
    units = data.split(b'\0\0\0\1')
    slices = [i for i, unit in enumerate(units) if unit[:1] and unit[0] & 31 == 1]
    at = slices[30]
    units[at] = units[at][:1] + bytes([255])*30
    return b'\0\0\0\1'.join(units)


DAMAGED = [
    ('mp4', spoiled(h264('whole.mp4'), 30, 3), HOLE),
    ('mp4, the first frame', spoiled(h264('whole.mp4'), 0), HOLE),
    ('mp4, the last frames', spoiled(h264('whole.mp4'), 55, 5), HOLE),
    ('mp4, MPEG-4', spoiled(video('whole.mp4', codec='mpeg4', options={'g': '12'}), 30, 3), HOLE),
    ('mp4, HEVC', spoiled(video('whole.mp4', codec='libx265', options=HEVC), 30, 3), HOLE),
    ('mkv', spoiled(h264('whole.mkv'), 30, 3), HOLE),
    ('mkv, VP9', spoiled(video('whole.webm', codec='libvpx-vp9', options={'cpu-used': '8'}), 30, 2, 0.5), HOLE),
    ('mov, ProRes', spoiled(video('whole.mov', codec='prores_ks', pix_fmt='yuv422p10le'), 30, 2), HOLE),
    ('avi with B-frames', spoiled(h264('whole.avi'), 30, 3), HOLE),
    ('avi, motion JPEG', spoiled(video('whole.avi', codec='mjpeg', **YUVJ), 30, 2), HOLE),
    ('bare H.264', changed(h264('whole.h264'), blotted), HOLE_UNPROMISED),
    ('a broadcast with lost packets', changed(h264('whole.ts'), lost_packets(40, 5)), HOLE_UNPROMISED),
    ('a broadcast with a hole', changed(h264('whole.ts'), lambda data: data[:9000] + bytes(2000) + data[11000:]),
     HOLE_UNPROMISED),
    ('FLV with a hole', changed(h264('whole.flv', bf=0), without_tags), replace(HOLE, promised=-1)),
    ('two damaged places', spoiled(spoiled(h264('whole.mp4'), 12, 2), 40, 2), HOLE),
]
RESIZED = [
    ('motion JPEG', joined('resized.mjpeg', video('a.mjpeg', codec='mjpeg', n=30, **YUVJ),
                           video('b.mjpeg', codec='mjpeg', n=30, size=(96, 128), **YUVJ)),
     Expect(numbers=(*range(30), *range(30)), promised=None, fps=25, says='is 128×96 pixels')),
    ('bare H.264', joined('resized.h264', h264('a.h264', n=30), h264('b.h264', n=30, size=(32, 96))),
     Expect(numbers=(*range(30), *range(30)), promised=None, says='is 96×32 pixels')),
]

RIGHT = 'every frame under its own number, by reading in order, by jumping and in clips'


def _cases(name: str, rows, happens: str, outcome: str, lost: str = 'nothing') -> list[Case]:
    "Cases of one kind: what is odd, how it is made, and what is expected."
    return [Case('videos', f'{name}: {what}', happens, outcome, make, expect, lost) for what, make, expect in rows]


CASES = [
    *_cases('no video', NO_VIDEO, 'refused with the file, the reason and what to do', 'refused'),
    *_cases('container and codec', CONTAINERS, RIGHT, 'right'),
    *_cases('pixels', PIXELS, RIGHT + '; 8 bits of each colour', 'right'),
    *_cases('orientation', TURNED, RIGHT + ', the right way up', 'right'),
    *_cases('groups of frames', GROUPS, RIGHT, 'right'),
    *_cases('time', TIMES, RIGHT + '; the frame rate is that of the frames', 'right'),
    *_cases('header and name', HEADERS, RIGHT, 'right'),
    *_cases('cut off', CUT_OFF, 'the frames that are there keep their numbers; how many were promised is told', 'told',
            'what is not in the file'),
    *_cases('damaged', DAMAGED, 'lost frames are named and marked, all others keep their numbers', 'told',
            'what cannot be decoded'),
    *_cases('size that changes', RESIZED, 'scaled to the size of the first frame, and told', 'told'),
]
