"""Image files as laboratories have them: odd formats, odd depths, turned, stacked, damaged, and no images at all.

Every case makes one file that shows the same scene, a red and a green spot, or that cannot show it.
"""
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bad_input import Case
from PIL import Image

from lightning_pose_nb.core.testing import spot_frame

SPOTS = np.array([[30., 20.], [70., 45.]])  # of a red and a green keypoint, x and y
SCENE = spot_frame((64, 96), *SPOTS)        # uint8 (64, 96, 3)
GREY = np.asarray(Image.fromarray(SCENE).convert('L'))
EDGE = GREY > 100                           # of black and white
GREY_AND_WHITE = GREY.copy()                # with a pixel that is as bright as can be
GREY_AND_WHITE[0, 0] = 255
NOISE = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)

Make = Callable[[Path], Path]  # makes the file in a folder


def with_pillow(name: str, mode: str = 'RGB', **options) -> Make:
    "The scene in a mode of Pillow, saved by it."
    def make(folder: Path) -> Path:
        image = Image.fromarray(SCENE)
        image = image.quantize(250, dither=Image.Dither.NONE) if mode == 'P' else image.convert(mode)
        image.save(folder/name, **options)
        return folder/name
    return make


def of_array(name: str, values: np.ndarray, **options) -> Make:
    "An array as Pillow saves it."
    def make(folder: Path) -> Path:
        Image.fromarray(values).save(folder/name, **options)
        return folder/name
    return make


def with_bytes(name: str, data: Callable[[], bytes] | bytes) -> Make:
    "A file of these bytes."
    def make(folder: Path) -> Path:
        (folder/name).write_bytes(data if isinstance(data, bytes) else data())
        return folder/name
    return make


def changed(source: Make, change: Callable[[bytes], bytes]) -> Make:
    "A file whose bytes are changed after it was made."
    def make(folder: Path) -> Path:
        path = source(folder)
        path.write_bytes(change(path.read_bytes()))
        return path
    return make


def cut(source: Make, share: float = 0.6) -> Make:
    "A file of which only the first part is there."
    return changed(source, lambda data: data[:int(share*len(data))])


def tiff(values: np.ndarray, order: str = '<', **tags: int) -> bytes:
    "A TIFF of one strip, uncompressed; `tags` are format (1 whole, 2 signed, 3 fractions) and colour."
    data = np.ascontiguousarray(values).astype(values.dtype.newbyteorder(order)).tobytes()
    height, width = values.shape[:2]
    channels = values.shape[2] if values.ndim == 3 else 1
    colour = tags.get('colour', 2 if channels == 3 else 1)
    bits = 8*values.dtype.itemsize
    entries = {
        256: width, 257: height, 258: bits, 259: 1, 262: colour, 273: 8, 277: channels, 278: height,
        279: len(data), 339: tags.get('format', 1)}
    directory = b''.join(struct.pack(order+'HHII', tag, 4, 1, value) for tag, value in entries.items())
    start = (b'II*\0' if order == '<' else b'MM\0*') + struct.pack(order+'I', 8+len(data))
    return start + data + struct.pack(order+'H', len(entries)) + directory + bytes(4)


def png(header: bytes, data: bytes) -> bytes:
    "A PNG of a header chunk and compressed data."
    chunks = b''
    for name, content in ((b'IHDR', header), (b'IDAT', zlib.compress(data)), (b'IEND', b'')):
        chunks += struct.pack('>I', len(content)) + name + content
        chunks += struct.pack('>I', zlib.crc32(name+content))
    return b'\x89PNG\r\n\x1a\n' + chunks


def interlaced() -> bytes:
    "The scene as an interlaced PNG: seven passes, from coarse to fine."
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = b''
    for y, x, dy, dx in passes:
        for row in SCENE[y::dy, x::dx]: rows += b'\0' + row.tobytes()
    return png(struct.pack('>IIBBBBB', 96, 64, 8, 2, 0, 0, 1), rows)


def portable(white: int, channels: int) -> bytes:
    "The scene as PGM or PPM whose white is a certain value."
    values = SCENE if channels == 3 else GREY
    words = np.round(values/255*white).astype('>u2' if white > 255 else 'u1')
    return b'P%d\n# made by a camera\n96 64\n%d\n' % (6 if channels == 3 else 5, white) + words.tobytes()


def deep(name: str, bits: int) -> Make:
    "The scene with values of so many bits, unscaled in 16, as a grey image."
    return of_array(name, np.round(GREY_AND_WHITE/255*(2**bits-1)).astype(np.uint16))


def turned(suffix: str, orientation: int) -> Make:
    "The scene as a camera held in one of eight ways stores it, with the note that says so."
    def make(folder: Path) -> Path:
        ways = {
            1: (), 2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,),
            4: (Image.Transpose.FLIP_TOP_BOTTOM,), 5: (Image.Transpose.TRANSPOSE,),
            6: (Image.Transpose.ROTATE_90,), 7: (Image.Transpose.TRANSVERSE,), 8: (Image.Transpose.ROTATE_270,)}
        image = Image.fromarray(SCENE)
        for way in ways[orientation]: image = image.transpose(way)
        note = Image.Exif()
        note[0x112] = orientation
        lossless = {'webp': {'lossless': True}, 'jpg': {'quality': 97, 'subsampling': 0}}
        image.save(folder/f'turned.{suffix}', exif=note, **lossless.get(suffix, {}))
        return folder/f'turned.{suffix}'
    return make


def stack(suffix: str) -> Make:
    "Four images in one file."
    pages = [Image.fromarray(np.roll(SCENE, n, axis=1)) for n in range(4)]
    options = {'webp': {'lossless': True}}.get(suffix, {})
    def make(folder: Path) -> Path:
        pages[0].save(folder/f'stack.{suffix}', save_all=True, append_images=pages[1:], **options)
        return folder/f'stack.{suffix}'
    return make


def with_thumbnail(folder: Path) -> Path:
    "A TIFF whose second page is a small copy of its first."
    small = Image.fromarray(SCENE[::4, ::4])
    small.encoderinfo = {'tiffinfo': {254: 1}}
    Image.fromarray(SCENE).save(folder/'thumbnail.tif', save_all=True, append_images=[small])
    return folder/'thumbnail.tif'


def directory(folder: Path) -> Path:
    (folder/'folder.png').mkdir()
    return folder/'folder.png'


def dangling(folder: Path) -> Path:
    (folder/'link.png').symlink_to('not there.png')
    return folder/'link.png'


def pipe(folder: Path) -> Path:
    os.mkfifo(folder/'pipe.png')
    return folder/'pipe.png'


JPEG = {'quality': 97, 'subsampling': 0}
READ = 'is read like any other image'
NOISY_PNG = of_array('noise.png', NOISE)
ZEROS = bytes(40)


def overwritten(data: bytes) -> bytes:
    middle = len(data)//2
    return data[:middle] + ZEROS + data[middle+len(ZEROS):]


def image(name: str, make: Make, expect: np.ndarray | str, happens: str = READ, outcome: str = 'right') -> Case:
    "A case of this suite: expected are the values that are read, or the reason why they are not."
    return Case('images', name, happens, outcome, make, expect)


def refused(name: str, make: Make, reason: str) -> Case:
    "A file that cannot be read, and why."
    happens = f'training, prediction and check name the file: “{reason}”'
    return image(name, make, reason, happens, 'refused')


def told(name: str, make: Make, expect: np.ndarray, happens: str) -> Case:
    "An image that is read in a way that check tells."
    return image(name, make, expect, happens, 'told')


FORMATS = [
    image('colours from a palette (PNG)', with_pillow('palette.png', 'P'), SCENE),
    image('colours from a palette (GIF)', with_pillow('palette.gif', 'P'), SCENE),
    image('colours from a palette (BMP)', with_pillow('palette.bmp', 'P'), SCENE),
    image('colours from a palette (TIFF)', with_pillow('palette.tif', 'P'), SCENE),
    image('palette with a transparent colour', with_pillow('clear.png', 'P', transparency=3), SCENE),
    image('transparency', with_pillow('alpha.png', 'RGBA'), SCENE),
    image('transparency (TIFF)', with_pillow('alpha.tif', 'RGBA'), SCENE),
    image('grey with transparency', with_pillow('grey alpha.png', 'LA'), GREY),
    image('grey with transparency (TIFF)', with_pillow('grey alpha.tif', 'LA'), GREY),
    image('CMYK JPEG', with_pillow('cmyk.jpg', 'CMYK', **JPEG), SCENE),
    image('CMYK TIFF', with_pillow('cmyk.tif', 'CMYK'), SCENE),
    image('one bit a pixel (PNG)', of_array('bit.png', EDGE), EDGE*np.uint8(255)),
    image('one bit a pixel (TIFF)', of_array('bit.tif', EDGE), EDGE*np.uint8(255)),
    image('one bit a pixel (BMP)', of_array('bit.bmp', EDGE), EDGE*np.uint8(255)),
    image('interlaced PNG', with_bytes('interlaced.png', interlaced), SCENE),
    image('progressive JPEG', with_pillow('progressive.jpg', progressive=True, **JPEG), SCENE),
    image('JPEG 2000', with_pillow('scene.jp2'), SCENE),
    image('WebP', with_pillow('scene.webp', lossless=True), SCENE),
    image('compressed TIFF', with_pillow('lzw.tif', compression='tiff_lzw'), SCENE),
    image('TIFF for files above 4 GiB', with_pillow('big.tif', big_tiff=True), SCENE),
    image('TIFF with a thumbnail', with_thumbnail, SCENE),
    image('TIFF in which 0 is white', with_bytes('white0.tif', lambda: tiff(255-GREY, colour=0)), GREY),
    image('16 bits in colour (TIFF)', with_bytes('deep.tif', lambda: tiff(SCENE.astype(np.uint16)*257)), SCENE),
    image('16 bits, most significant byte first',
          with_bytes('big endian.tif', lambda: tiff(SCENE.astype(np.uint16)*257, '>')), SCENE),
    image('16 bits in which 0 is white',
          with_bytes('white0 16.tif', lambda: tiff(65535-GREY.astype(np.uint16)*257, colour=0)), GREY),
    image('16 bits with a sign, none negative', with_bytes(
        'signed.tif', lambda: tiff(np.round(GREY/255*4095).astype(np.int16), format=2)), GREY),
    image('fractions from 0 to 1', with_bytes(
        'fractions.tif', lambda: tiff((SCENE/255).astype(np.float32), format=3)), SCENE),
    image('fractions from 0 to 1 in 64 bits', with_bytes('double.tif', lambda: tiff(GREY/255., format=3)), GREY),
    image('PGM whose white is 4095', with_bytes('twelve.pgm', lambda: portable(4095, 1)), GREY),
    image('PPM whose white is 1000', with_bytes('thousand.ppm', lambda: portable(1000, 3)), SCENE),
    image('PGM whose white is 100', with_bytes('hundred.pgm', lambda: portable(100, 1)), GREY),
    image('JPEG that is called .png', changed(
        with_pillow('truth.jpg', **JPEG), lambda data: data), SCENE),
    image('upper-case suffix', with_pillow('SCENE.PNG'), SCENE),
    image('spaces, umlauts and Chinese in the name', with_pillow('Mäuse im Käfig 鼠.png'), SCENE),
    image('name of 200 letters', with_pillow('n'*200+'.png'), SCENE),
]
DEPTHS = [
    told(f'{bits}-bit values in a 16-bit {kind}', deep(f'{bits}bit.{kind.lower()}', bits), GREY_AND_WHITE,
         f'is scaled as {bits} bits; check and predict say so, training notes it in the model')
    for bits in (8, 10, 12, 14) for kind in ('PNG', 'TIF')]
TURNED = [
    told(f'EXIF orientation ({suffix.upper()})', turned(suffix, orientation), SCENE,
         'is turned or mirrored as browsers show it; check counts such images')
    for suffix in ('jpg', 'png', 'tif', 'webp') for orientation in range(2, 9)]
WHOLE = {
    'PNG': NOISY_PNG, 'JPEG': of_array('noise.jpg', NOISE, quality=95), 'TIFF': of_array('noise.tif', NOISE),
    'LZW TIFF': of_array('lzw.tif', NOISE, compression='tiff_lzw'), 'BMP': of_array('noise.bmp', NOISE),
    'WebP': of_array('noise.webp', NOISE, lossless=True), 'GIF': of_array('noise.gif', NOISE),
    'JPEG 2000': of_array('noise.jp2', NOISE), 'PPM': of_array('noise.ppm', NOISE),
    'progressive JPEG': of_array('progressive.jpg', NOISE, progressive=True)}
CUT_OFF = [refused(f'{kind} that is cut off', cut(make), 'cut off') for kind, make in WHOLE.items()]
CUT_OFF += [
    refused('PNG cut after 2 kB', changed(NOISY_PNG, lambda data: data[:2000]), 'is cut off'),
    refused('JPEG cut after 2 kB', changed(WHOLE['JPEG'], lambda data: data[:2000]), 'is cut off'),
    refused('PNG of which the last 12 bytes are missing', changed(NOISY_PNG, lambda data: data[:-12]), 'is cut off'),
    refused('JPEG of which the last 2 bytes are missing',
            changed(WHOLE['JPEG'], lambda data: data[:-2]), 'is cut off'),
    refused('header and nothing else', changed(NOISY_PNG, lambda data: data[:20]), 'is cut off'),
    refused('PNG overwritten in the middle', changed(NOISY_PNG, overwritten), 'check sum'),
    refused('PNG with one flipped bit', changed(
        NOISY_PNG, lambda data: data[:500]+bytes([data[500] ^ 4])+data[501:]), 'check sum'),
]
VALUES = [
    refused('fractions up to 255', of_array('f32.tif', GREY.astype(np.float32)), 'holds float32 values from'),
    refused('fractions with NaN', of_array('nan.tif', np.where(EDGE, np.nan, 0.5).astype(np.float32)), 'nan'),
    refused('negative fractions', of_array('below.tif', GREY/np.float32(255)-1), 'holds float32 values from -0.9'),
    refused('fractions of 16 bits', with_bytes(
        'half.tif', lambda: tiff((GREY/255).astype(np.float16), format=3)), 'holds 16-bit fractions'),
    refused('integers of 32 bits', of_array('int.tif', GREY.astype(np.int32)), 'holds 32-bit integers'),
    refused('integers of 32 bits without sign', with_bytes(
        'u32.tif', lambda: tiff(GREY.astype(np.uint32))), 'holds 32-bit integers'),
    refused('negative values of 16 bits', with_bytes(
        'negative.tif', lambda: tiff(GREY.astype(np.int16)-50, format=2)), 'holds int16 values from -'),
    refused('CIELAB colours', with_pillow('lab.tif', 'LAB'), 'holds CIELAB colours'),
    refused('CMYK of 16 bits', with_bytes(
        'cmyk16.tif', lambda: tiff(np.zeros((8, 8, 4), np.uint16), colour=5)), 'holds CMYK colours of 16 bits'),
]
STRANGERS = [
    refused('empty file', with_bytes('empty.png', b''), '(0 bytes)'),
    refused('text called .png', with_bytes('text.png', b'Dear colleague'), 'in an unknown format'),
    refused('HTML called .jpg', with_bytes('page.jpg', b'<html><body>404</body></html>'), 'in an unknown format'),
    refused('one byte', with_bytes('byte.tif', b'I'), 'in an unknown format'),
    refused('decompression bomb', with_bytes('bomb.png', lambda: png(
        struct.pack('>IIBBBBB', 50000, 50000, 8, 0, 0, 0, 0), bytes(1000))), 'claims to be 50000×50000'),
    refused('PNG with too little data', with_bytes('hollow.png', lambda: png(
        struct.pack('>IIBBBBB', 4000, 4000, 8, 0, 0, 0, 0), bytes(1000))), 'has too little data for 4000×4000'),
    refused('stack of TIFF pages as one image', stack('tif'), 'is a stack of 4 images'),
    refused('animated GIF as one image', stack('gif'), 'is a stack of 4 images'),
    refused('animated PNG as one image', stack('png'), 'is a stack of 4 images'),
    refused('animated WebP as one image', stack('webp'), 'is a stack of 4 images'),
    refused('folder called .png', directory, 'this is a folder'),
    refused('link to nothing', dangling, 'a link to not there.png, which is not there'),
    refused('pipe called .png', pipe, 'no ordinary file'),
    refused('missing file', lambda folder: folder/'gone.png', 'no such image file'),
    refused('name longer than the system allows', lambda folder: folder/('n'*300+'.png'), 'too long'),
]
MORE = [  # proven by tests of their own
    Case('images', 'dark image beside bright ones of a 12-bit camera', 'is scaled by the range of all', 'right'),
    Case('images', 'stack predicted as a stack', 'a row for every page or image, in order', 'right', count=4),
    Case('images', '12-bit values in a 16-bit video', 'are scaled as 12 bits, with a warning', 'told'),
    Case('images', 'file that may not be read', 'is named with this reason', 'refused'),
]
CASES = [*FORMATS, *DEPTHS, *TURNED, *CUT_OFF, *VALUES, *STRANGERS, *MORE]
