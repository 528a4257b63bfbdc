"""Damaged label tables and label journals: what goes in, and what the package does about it."""
import gzip
from pathlib import Path

import numpy as np
from bad_input import Case
from PIL import Image

N = 12
NAMES = ['nose', 'tail']
IMAGES = [f'labeled-data/cage/img{10*i:04}.png' for i in range(N)]
XY = np.random.default_rng(0).uniform(2, 45, (N, 2, 2)).round(2)+0.003
HEAD = 'scorer,ada,ada,ada,ada\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n'
CONFIG = '''data:
  data_dir: .
  csv_file: CollectedData.csv
  keypoint_names: [nose, tail]
  video_dir: null
training:
  train_prob: 0.5
  val_prob: 0.45
eval:
  predict_vids_after_training: false
'''


def rows(xy=XY, images=IMAGES) -> list[str]:
    "The rows of the healthy table."
    cells = [[f'{value:.3f}' for value in points.ravel()] for points in xy]
    return [','.join([image, *row]) for image, row in zip(images, cells, strict=True)]


def table(lines: list[str] | None = None, head: str = HEAD) -> str:
    "A label table."
    return head + '\n'.join(rows() if lines is None else lines) + '\n'


def make_project(folder: Path) -> Path:
    "A healthy project of a few small images; its config."
    (folder/'labeled-data/cage').mkdir(parents=True)
    rng = np.random.default_rng(1)
    for image in IMAGES: Image.fromarray(rng.integers(0, 255, (48, 64), np.uint8)).save(folder/image)
    (folder/'CollectedData.csv').write_text(table(), encoding='utf-8')
    (folder/'config.yaml').write_text(CONFIG, encoding='utf-8')
    return folder/'config.yaml'


def edited(old: str, new: str, count: int = -1):
    "The healthy table with some text replaced."
    assert old in table(), old
    return lambda folder: table().replace(old, new, count)


def cell(text: str, row: int = 2):
    "The healthy table with another text in column B of one row."
    def make(folder):
        lines = rows()
        parts = lines[row].split(',')
        lines[row] = ','.join([parts[0], text, *parts[2:]])
        return table(lines)
    return make


def line(text: str, row: int = 2):
    "The healthy table with another row."
    return lambda folder: table([*rows()[:row], text, *rows()[row+1:]])


def every_cell(change):
    "The healthy table with all numbers changed."
    return lambda folder: table([','.join([r.split(',')[0], *map(change, r.split(',')[1:])]) for r in rows()])


def image_file(change, name: str = IMAGES[3]):
    "The healthy table, and an image that is not healthy."
    def make(folder):
        change(folder/name)
        return table()
    return make


def other_file(content: bytes, name: str = 'CollectedData.csv'):
    "A file of another kind in place of the table; where it has another name, the config says so."
    def make(folder):
        if name != 'CollectedData.csv':
            (folder/'config.yaml').write_text(CONFIG.replace('CollectedData.csv', name), encoding='utf-8')
            (folder/name).write_bytes(content)
            return None
        return content
    return make


def with_columns(coords: list[str], values: str, scorer: str = 'ada'):
    "The healthy table with more columns of the tail."
    def make(folder):
        extra = [f',{scorer}'*len(coords), ',tail'*len(coords), ''.join(f',{coord}' for coord in coords)]
        head = ''.join(row+more+'\n' for row, more in zip(HEAD.splitlines(), extra, strict=True))
        return table([row+values for row in rows()], head)
    return make


def split_path(folder):
    "Image names in three columns."
    head = HEAD.replace('scorer', 'scorer,,').replace('bodyparts', 'bodyparts,,').replace('coords', 'coords,,')
    return table([row.replace('/', ',', 2) for row in rows()], head)


def folder_for_table(folder):
    "A folder in place of the table."
    (folder/'CollectedData.csv').unlink()
    (folder/'CollectedData.csv').mkdir()


def individuals(*animals: str):
    "A row `individuals`."
    return edited('bodyparts', f'individuals,{",".join(animals)}\nbodyparts')


HDF5 = b'\x89HDF\r\n\x1a\n'+b'\0'*99


def zip_bytes() -> bytes:
    "A spreadsheet, as far as its first bytes go."
    return b'PK\x03\x04' + b'\0'*40


def cases(outcome: str, happens: str, *damages) -> list[Case]:
    "Cases of one outcome: (name, make, words that are said)."
    made = []
    for name, make, *words in damages:
        made.append(Case('labels', name, happens, outcome, make, words, lightning_pose=LIGHTNING_POSE.get(name, '')))
    return made


LIGHTNING_POSE = {
    'no label in the first row': 'pandas takes it for the name of the index',
    'keypoints in another order than in the config': 'never compared: every prediction is under another name',
    'a visible cell that is empty': 'NaN heatmap and NaN loss',
    'several scorers': 'a shape error later',
    'a keypoint twice': 'not detected',
    'one coordinate of a keypoint missing': 'only x is looked at',
}

RIGHT = cases('right', 'is read, every number as it stands',
    ('an invisible mark in front (BOM)', lambda folder: table().encode('utf-8-sig')),
    ('line ends of Windows', lambda folder: table().replace('\n', '\r\n')),
    ('line ends of an old Mac', lambda folder: table().replace('\n', '\r')),
    ('no line end at the end', lambda folder: table()[:-1]),
    ('empty lines at the end', lambda folder: table()+'\n\n\n'),
    ('empty lines between rows', lambda folder: table('\n\n'.join(rows()).split('\n'))),
    ('rows of commas', lambda folder: table()+',,,,\n,,,,\n'),
    ('commas too many everywhere', lambda folder: table().replace('\n', ',,\n')),
    ('commas too many in rows', lambda folder: table([row+',,' for row in rows()])),
    ('all cells quoted', lambda folder: ''.join(','.join(f'"{c}"' for c in r.split(','))+'\n'
        for r in table().splitlines())),
    ('quoted header', edited('scorer,ada,ada', '"scorer","ada",ada')),
    ('one quoted number', cell(f'"{XY[2, 0, 0]:.3f}"')),
    ('blanks around numbers', every_cell(lambda c: f' {c} ')),
    ('blanks in the header', edited(',nose,nose', ', nose,nose ')),
    ('backslashes of Windows', lambda folder: table([row.replace('/', '\\') for row in rows()])),
    ('image names in three columns', split_path),
    ('capitals in the header', edited('scorer', 'Scorer')),
    ('capitals of coordinates', edited('x,y', 'X,Y')),
    ('one animal in a row individuals', individuals('mouse', 'mouse', 'mouse', 'mouse')),
    ('an empty row individuals', individuals('', '', '', '')),
    ('exponents', every_cell(lambda c: f'{float(c):.17e}')),
    ('plus signs', every_cell(lambda c: '+'+c)),
    ('all digits', every_cell(lambda c: f'{float(c):.30f}')),
    ('no words in front of the header', edited('coords', '')),
    ('another order of columns', lambda folder: table(
        [','.join(row.split(',')[i] for i in (0, 2, 1, 4, 3)) for row in rows()], HEAD.replace('x,y', 'y,x'))),
    ('a column visible', with_columns(['visible'], ',2')),
    ('a visible cell that is empty', with_columns(['visible'], ',')),
    ('another scorer name', edited('ada', 'Ådä, Løvelace'.replace(',', ''))),
)

NOTHING = cases('right', 'the keypoint is missing, as an empty cell says',
    *[(f'{word or "empty"} for a missing keypoint', lambda folder, word=word: table(
        [rows()[0], *(','.join([*row.split(',')[:3], word, word]) for row in rows()[1:])]), 'nothing')
      for word in ('', 'nan', 'NaN', 'NA', 'N/A', '#N/A', '<NA>', 'null', 'NULL', 'None', ' ')],
    ('rows that end early', lambda folder: table([rows()[0], *(','.join(row.split(',')[:3]) for row in rows()[1:])]),
        'nothing'),
)

NO_TABLE = cases('refused', 'the kind of the file is named, with the way to a CSV',
    ('semicolons', lambda folder: table().replace(',', ';'), 'row 1', 'semicolons', 'commas'),
    ('semicolons and decimal commas', lambda folder: table().replace(',', ';').replace('.', ','), 'semicolons'),
    ('tabs', lambda folder: table().replace(',', '\t'), 'row 1', 'tabs'),
    ('UTF-16', lambda folder: table().encode('utf-16'), 'UTF-16', 'CSV UTF-8'),
    ('an encoding of one country', lambda folder: table().replace('ada', 'Jörg').encode('latin-1'), 'row 1', 'UTF-8'),
    ('an empty file', lambda folder: '', '0 rows', 'scorer, bodyparts, coords'),
    ('an empty line', lambda folder: '\n', 'rows'),
    ('a header without rows', lambda folder: HEAD, 'no labelled frame'),
    ('no row scorer', lambda folder: table().split('\n', 1)[1], 'row 1', 'bodyparts'),
    ('no row coords', edited('coords,x,y,x,y\n', ''), 'row 3', 'scorer, bodyparts, coords'),
    ('an empty line in front', lambda folder: '\n'+table(), 'row 2', 'scorer'),
    ('sep= in front', lambda folder: 'sep=,\n'+table(), 'row 1', 'sep='),
    ('a web page', lambda folder: '<!DOCTYPE html>\n<html>,</html>\n\n', 'row 1'),
    ('JSON', lambda folder: '{"images": []}', 'JSON'),
    ('HDF5', other_file(HDF5, 'CollectedData.h5'), 'HDF5', 'CollectedData.csv, which lies beside'),
    ('a project of SLEAP', other_file(HDF5, 'labels.slp'), 'SLEAP', 'lpnb import labels.slp NEW_FOLDER'),
    ('a spreadsheet', other_file(zip_bytes(), 'labels.xlsx'), 'spreadsheet', 'CSV UTF-8'),
    ('a spreadsheet called CSV', other_file(zip_bytes()), 'spreadsheet'),
    ('Parquet', other_file(b'PAR1'+b'\0'*40, 'labels.parquet'), 'Parquet', 'read_parquet'),
    ('a pickle', other_file(b'\x80\x04\x95'+b'\0'*40, 'labels.pkl'), 'pickle', 'not opened'),
    ('gzip', lambda folder: gzip.compress(table().encode()), 'gzip', 'Unpack'),
    ('a folder', folder_for_table, 'a folder'),
    ('no file, but one of a similar name', lambda folder: (folder/'CollectedData.csv').rename(
        folder/'ColectedData.csv') and None, 'Did you mean', 'ColectedData.csv'),
    ('a table of bounding boxes', lambda folder: ',x,y,h,w\n'+'\n'.join(rows())+'\n', 'row'),
)

CUT = cases('refused', 'the row is named, and that the file was cut off',
    ('cut off in a number of a row', lambda folder: table()[:-20],
        f'row {N+3}', 'stops in the middle', 'copy it again'),
    ('cut off in a name', lambda folder: table()[:table().rindex('img')+3], f'row {N+3}', 'stops in the middle'),
    ('cut in half', lambda folder: table()[:len(table())//2], 'stops in the middle'),
    ('cut off in the header', lambda folder: table()[:60], ''),
)

CELLS = cases('refused', 'row, column and cause are named, once for each cause',
    ('a word', cell('left'), 'row 6, column B (nose x)', "'left'", 'a number'),
    ('a dash', cell('-'), 'row 6, column B', 'empty the cells'),
    ('#NUM! of Excel', cell('#NUM!'), 'row 6, column B', 'formula'),
    ('#REF! of Excel', cell('#REF!'), 'row 6, column B', 'formula'),
    ('a date of Excel', cell('12.05.2024'), 'row 6, column B', 'date'),
    ('a month of Excel', cell('12-May'), 'row 6, column B', 'date'),
    ('a unit', cell('12.5 px'), 'row 6, column B', "'12.5 px'"),
    ('a decimal comma', cell('"12,5"'), 'row 6, column B', 'with a point'),
    ('decimal commas everywhere', every_cell(lambda c: '"'+c.replace('.', ',')+'"'),
        'row 4', '23 more', 'with a point'),
    ('separators of thousands', cell('"1,234.5"'), 'row 6, column B', 'thousands'),
    ('another minus sign', cell('−12.5'), 'row 6, column B'),
    ('two points', cell('12.5.1'), 'row 6, column B'),
    ('infinity', cell('inf'), 'row 6, column B', 'infinity'),
    ('a zero byte', cell('1\0'), 'row 6, column B'),
    ('a quote that is not closed', cell('"12.5'), 'row 6', 'quote'),
    ('a comma too many', line(rows()[2].replace(',', ',,', 1)+',5'), 'row 6', 'comma too many'),
    ('marks of a merge', line('<<<<<<< HEAD,,,,'), 'row 6', 'no image'),
    ('an empty image name', line(',1,2,3,4'), 'row 6, column A', 'empty cell'),
    ('the header twice', lambda folder: table()+table(), 'rows 16–18', 'header again', 'joined'),
    ('an unknown value of visible', with_columns(['visible'], ',3'), 'row 4', '11 more', '0 not labelled'),
    ('a word for visible', with_columns(['visible'], ',yes'), 'row 4', '11 more'),
)

HEADERS = cases('refused', 'the header cell is named, with what was expected',
    ('several scorers', edited('ada,ada\n', 'bob,bob\n'), 'row 1', '2 scorers'),
    ('merged cells of the scorer', edited('ada,ada,ada,ada', 'ada,,,'), 'row 1, columns C, D, E', 'unmerge them'),
    ('merged cells of the keypoints', edited('nose,nose,tail,tail', 'nose,,tail,'), 'row 2, columns C, E',
     'unmerge them'),
    ('a column of notes', edited('ada\n', 'ada,comment\n'), "column F: 'comment'", 'Delete'),
    ('a keypoint twice', edited('tail,tail', 'nose,nose'), 'row 2', 'again'),
    ('a keypoint without y', edited('x,y\n', 'x,x\n'), 'row 2', 'again'),
    ('an empty keypoint name', edited('nose,nose,tail,tail', 'nose,nose,tail,'), 'row 2, column E', 'empty header'),
    ('an empty coordinate', edited('x,y\n', 'x,\n'), 'row 3, column E', 'empty header'),
    ('an unknown coordinate', with_columns(['z'], ',1'), 'row 3, column F', "'z'"),
    ('predictions as labels', with_columns(['likelihood'], ',0.9'), 'row 3, column F', 'likelihood'),
    ('a column set', with_columns(['x'], ',train', scorer='set'), 'row'),
    ('several animals', individuals('a', 'a', 'b', 'b'), 'row 2', 'several animals', 'a, b'),
    ('a keypoint spelt otherwise than in the config', edited('nose', 'noze'), 'nose'),
    ('keypoints in another order than in the config', edited('nose,nose,tail,tail', 'tail,tail,nose,nose'), 'order'),
    ('a keypoint that the config does not have', lambda folder: table(
        [row+',1,2' for row in rows()],
        'scorer'+',ada'*6+'\nbodyparts,nose,nose,tail,tail,ear,ear\ncoords'+',x,y'*3+'\n'), 'ear'),
)

PATHS = cases('refused', 'row and image are named, and a similar name where there is one',
    ('an image twice', line(rows()[1]), 'row 6', 'again, after row 5', 'Delete'),
    ('an image that is not there', line(rows()[2].replace('0020', '9020')), 'row 6', 'no image'),
    ('an image name with other capitals', line(rows()[2].replace('img', 'Img')), 'row 6', 'img0020.png?'),
    ('another suffix', line(rows()[2].replace('png', 'jpg')), 'row 6', 'img0020.png?'),
    ('a folder that is not there', edited('/cage/', '/garage/'), 'rows 4–15', 'no folder'),
    ('a path that climbs out', line(rows()[2].replace('labeled-data', '../labeled-data')), 'row 6', 'outside'),
    ('a path from the root', line(rows()[2].replace('labeled-data', '/labeled-data')), 'row 6', 'outside'),
    ('a path with a drive', line('C:\\data\\'+rows()[2]), 'row 6', 'outside'),
    ('a web address', line('https://example.org/'+rows()[2]), 'row 6', 'no folder'),
    ('an image that was cut off', image_file(lambda f: f.write_bytes(f.read_bytes()[:900])), 'row 7', 'cut off'),
    ('an empty image', image_file(lambda f: f.write_bytes(b'')), 'row 7', 'img0030.png'),
    ('a text called PNG', image_file(lambda f: f.write_bytes(b'not an image')), 'row 7', 'img0030.png'),
    ('a folder in place of an image', image_file(lambda f: f.unlink() or f.mkdir()), 'row 7', 'img0030.png'),
)

TOLD = cases('told', 'the labels are read, and a warning says what is doubtful, how often, and where',
    ('0, 0 for missing keypoints', lambda folder: table(rows(np.where(np.arange(N)[:, None, None] % 2, 0, XY))),
        '12 keypoints at 0, 0: nose (6), tail (6)', 'empty these cells'),
    ('−1, −1 for missing keypoints', lambda folder: table(rows(np.where(np.arange(N)[:, None, None] % 2, -1, XY))),
        '12 keypoints at −1, −1', 'empty these cells'),
    ('negative numbers', every_cell(lambda c: '-'+c), 'row 4, column B', '11 more such rows'),
    ('keypoints outside their images', lambda folder: table(rows(XY*10)), 'in an image 64 wide and 48 high'),
    ('one coordinate of a keypoint missing', cell(''), 'row 6, column B', 'empty cell beside'),
    ('a keypoint that is never labelled', lambda folder: table([row.rsplit(',', 2)[0]+',,' for row in rows()]),
        'tail is never labelled'),
    ('no label in the first row', line(IMAGES[0]+',,,,', 0), 'row 4', 'no label'),
    ('cut off in the last number', lambda folder: table()[:-3], f'row {N+3}', 'fewer decimals'),
    ('cut off behind a comma', lambda folder: table()[:table().rindex(',')+1], f'row {N+3}', 'second number'),
    ('cut off between two rows', lambda folder: table(rows()[:5]), '7 images', 'cut off'),
    ('images of two sizes', image_file(lambda f: Image.new('L', (64, 50)).save(f)), 'different sizes'),
)

TABLES = [*RIGHT, *NOTHING, *NO_TABLE, *CUT, *CELLS, *HEADERS, *PATHS, *TOLD]


# Journals: `make` gets the good lines (head, three steps) and gives the bytes of the file; `expect` is how
# many steps are left, and a word of the note.

def journals(*damages) -> list[Case]:
    "Damaged journals."
    happens = 'the book opens with every good step; strange lines are put aside in a file that the notes name'
    return [Case('labels', f'journal: {name}', happens, 'told', make, expect) for name, make, *expect in damages]


def replaced(old: bytes, new: bytes, at: int = 2):
    "One line of the journal with some text replaced."
    def make(lines):
        assert old in lines[at], old
        return b''.join([*lines[:at], lines[at].replace(old, new, 1), *lines[at+1:]])
    return make


JOURNALS = journals(
    ('half a line at the end', lambda lines: b''.join(lines)[:-9], 2, 'found in the journal'),
    ('a strange line', lambda lines: b''.join([*lines[:2], b'hello\n', *lines[2:]]), 3, 'aside'),
    ('an empty line', lambda lines: b''.join([*lines[:2], b'\n', *lines[2:]]), 3, 'aside'),
    ('marks of a merge', lambda lines: b''.join([b'<<<<<<< HEAD\n', *lines, b'>>>>>>> main\n']), 3, 'aside'),
    ('bytes that are no text', lambda lines: b''.join([*lines, b'\xff\xfe\x00\n']), 3, 'aside'),
    ('JSON that is no object', lambda lines: b''.join([*lines, b'[1, 2]\n']), 3, 'aside'),
    ('no head', lambda lines: b''.join(lines[1:]), 0, 'aside'),
    ('nothing but strange lines', lambda lines: b'\0'*40+b'\n'+b'?\n', 0, 'aside'),
    ('of a table with other keypoints', replaced(b'nose', b'snout', 0), 0, 'other keypoints'),
    ('of a table with another keypoint more', replaced(b'["nose"', b'["ear", "nose"', 0), 0, 'other keypoints'),
    ('a row with a point too few', replaced(b'], [', b'], ["', 2), 2, 'aside'),
    ('a number that is a word', replaced(b'21.0', b'"21"'), 2, 'aside'),
    ('a number that is none (NaN)', replaced(b'21.0', b'NaN'), 2, 'aside'),
    ('a number that is too large', replaced(b'21.0', b'1'+b'0'*500), 2, 'aside'),
    ('an image outside the folder', replaced(b'labeled-data/', b'../../etc/'), 2, 'aside'),
    ('an unknown kind of step', replaced(b'"do"', b'"exec"'), 2, 'aside'),
    ('deeply nested JSON', lambda lines: b''.join([*lines, b'['*100_000+b'\n']), 3, 'aside'),
    ('another text of the table', lambda lines: b''.join([b'{"table": "ab", "keypoints": ["nose", "tail"]}\n',
        *lines[1:]]), 3, 'changed elsewhere'),
)

CASES = [*TABLES, *JOURNALS]
