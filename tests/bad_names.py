"""Names and paths gone wrong: of keypoints, videos, images and folders; and predictions of another video."""
from dataclasses import dataclass

from bad_input import Case

HTML = ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '"><svg onload=alert(1)>', "'><b>", '&lt;nose&gt;']
TEMPLATES = ['{{7*7}}', '{% raw %}', '`id`', '$(touch x)', '%s%n', '{0}']
FORMULAS = ['=cmd|calc', '@SUM(1)', '+1', '-1']
MATHS = ['$\\frac{1}$', 'cost $', '_hidden', '^2$_1$']
WORDS = ['null', '1e5', 'true', '~', '# no', 'a: b', '- x', '0012', '1_000']
PATHS = ['../../up', '/etc/passwd', 'C:\\x', 'a/b']
LETTERS = ['a,b', 'a"b"', 'naïve 鼠 Ω', 'x'*80, "d'été", 'a;b']


def _texts(names: list[str], name: str, happens: str) -> list[Case]:
    "A case for each name of a kind, in one row of the page."
    return [Case('names', name, happens, 'right', expect=text) for text in names]


SHOWN = 'stands as text in tables, config, viewer, forms, report and plots'
KEYPOINTS = [
    *_texts(HTML, 'Keypoint called like HTML or a script', SHOWN),
    *_texts(TEMPLATES, 'Keypoint called like a template, a format or a command', SHOWN),
    *_texts(FORMULAS, 'Keypoint called like a formula of a spreadsheet', 'stays the text that was typed'),
    *_texts(MATHS, 'Keypoint called like a formula of matplotlib', SHOWN),
    *_texts(WORDS, 'Keypoint called like a number, a comment or a word of YAML', SHOWN),
    *_texts(PATHS, 'Keypoint called like a path', 'is a name; nothing is read or written there'),
    *_texts(LETTERS, 'Keypoint with commas, quotes, or letters of other scripts', SHOWN),
]
REFERENCE = Case('names', 'Keypoint called like a reference between keys of the config', 'check names it', 'refused',
                 expect='${7*7}')
STEM = '<img src=x onerror=alert(1)> {{7*7}} $a$ =cmd'  # of a video; a slash cannot be in it
FOLDER = 'a <b>&"dir" $x$ {{1}} 鼠'

OUTSIDE = [
    Case('names', 'Label table with images outside of the project', happens, outcome, expect=(command, path))
    for command, happens, outcome in [
        ('context', 'no frames are written there; a message names the folder', 'refused'),
        ('crop', 'nothing is cropped; a message names the images', 'refused')]
    for path in ['../away', 'labeled-data/../../away', 'ABSOLUTE']
]


@dataclass(frozen=True)
class Other:
    "A video that was not predicted."
    name: str
    frames: int = 30
    size: tuple[int, int] = (48, 64)
    scale: float | None = None   # Of what is drawn, where it is accepted; None: refused
    note: bool = True            # Is the note beside the predictions?
    crf: str = '23'


def _other(what: str, happens: str, outcome: str, **video) -> Case:
    return Case('names', what, happens, outcome, expect=Other(**video))


REFUSED = 'a message says what differs; nothing is drawn, cropped or shown'
SCALED = 'a line says so; keypoints are scaled, and lie where they belong'
OTHERS = [
    _other('Predictions of a video with other frames', REFUSED, 'refused', name='trial.mp4', frames=29),
    _other('Predictions of a video with other frames', REFUSED, 'refused', name='trial.mp4', frames=31),
    _other('Predictions of a video with other frames', REFUSED, 'refused', name='other.mp4', frames=5, note=False),
    _other('Predictions of a video of another shape', REFUSED, 'refused', name='trial.mp4', size=(64, 64)),
    _other('Predictions of a video of another shape', REFUSED, 'refused', name='trial_b.mp4', size=(64, 48)),
    _other('Predictions of a video of another name', REFUSED, 'refused', name='trial2.mp4', crf='40'),
    _other('Predictions of a video of another name', REFUSED, 'refused', name='other.mp4', crf='40'),
    _other('Predictions of a copy, compressed again', 'a line says so', 'told', name='trial_small.mp4', crf='40',
           scale=1),
    _other('Predictions of a copy in another size', SCALED, 'told', name='trial.mp4', size=(24, 32), scale=.5),
    _other('Predictions of a copy in another size', SCALED, 'told', name='Trial-big.mp4', size=(96, 128), scale=2),
    _other('Predictions without a note, and many points outside', 'a line says so', 'told', name='x.mp4',
           size=(24, 32), note=False, scale=1),
    _other('Predictions without a note, of a video with as many frames', 'are drawn', 'right', name='x.mp4',
           note=False, scale=1),
]

CASES = [*KEYPOINTS, REFERENCE, *OUTSIDE, *OTHERS]
