"""Write the pages made from code and tests: `docs/{map,api_reference,formats,faults}.md`.

    python tools/pages.py

The map lists every chapter with its promise line, in reading order, by package. The API reference
lists what the package and its sub-packages show (`__init__.pyi`), with the first line of each
docstring. The page of formats is the registries of readers and writers. The page of faults lists
the cases that the tests try (`tests/bad_*.py`). `.ci/run` fails if the committed pages are not what
this script writes.
"""
import ast
import os
import re
import sys
from collections import Counter
from pathlib import Path

from fastcore.nbio import read_nb
from nbdev.config import get_config
from nbdev.doclinks import nbglob

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT/'tests'))

from bad_input import KINDS, OUTCOMES, Case, all_cases

from lightning_pose_nb.exports.exporting import WRITERS
from lightning_pose_nb.imports.importing import FORMATS

CONFIG = get_config(Path(__file__).parent)
LIBRARY = CONFIG.lib_path
DOCS = ROOT/'docs'
NOTE = '<!-- made by tools/pages.py: do not edit -->\n'
ABOUT_MAP = (
    'Every chapter, in the order in which they build on each other. '
    'The folder of a chapter in `nbs/` is the sub-package that its code goes to.')
ABOUT_API = (
    'The names that people use come from the package itself; '
    'what a sub-package shows comes from it. '
    'Everything else may change without notice. '
    'A name links to the chapter that defines, shows and tests it.')
ABOUT_FAULTS = (
    'What happens when a file is damaged, an input is odd, a process is killed or a disk is full. '
    'Every line is tried by the tests on every change, as often as its first column says.')
FAULTS_HEAD = (
    '| tried | input or fault | what happens | lost | Lightning Pose |',
    '| ---: | --- | --- | --- | --- |')
ABOUT_FORMATS = (
    'What comes in and goes out, each with one command: '
    '`lpnb import SOURCE FOLDER` recognises what it is given, and '
    '`lpnb export SOURCE TARGET --to NAME` writes; `lpnb predict … --format NAME` writes directly. '
    'In Python: `import_project`, `import_projects`, `export_project`. '
    'Keypoints go by name, numbers as they are; what a format has no place for is told. '
    'Label tables and prediction CSVs of DeepLabCut and Lightning Pose are read as they are. '
    'Models that Lightning Pose trained, and calibrations of cameras, come in by the same command '
    '([coming from elsewhere](coming_from.md)).')
FORMATS_HEAD = (
    '| format | name | labels | predictions of videos | 3D points | predictions of images | needs |',
    '| --- | --- | :---: | :---: | :---: | :---: | --- |')
TABLE_HEAD = ('| name | what it does |', '| --- | --- |')


def head_of(notebook: Path) -> tuple[str, str]:
    "Title and promise line of a chapter."
    for cell in read_nb(notebook).cells:
        title = re.match(r'# (.+)', cell.source)
        if cell.cell_type == 'markdown' and title:
            promise = re.search(r'^> (.+)', cell.source, flags=re.MULTILINE)
            return title[1], promise[1] if promise else ''
    raise SystemExit(f'{notebook} has no title')


def package_doc(folder: Path) -> str:
    "What a package is for: the docstring of its `__init__`."
    tree = ast.parse((folder/'__init__.py').read_text(encoding='utf-8'))
    return ast.get_docstring(tree) or ''


def chapter_line(notebook: Path) -> str:
    "A chapter in the map."
    title, promise = head_of(notebook)
    link = os.path.relpath(notebook, DOCS).replace(os.sep, '/')
    return f'- [{title}]({link}): {promise}'


def map_page() -> str:
    "Every chapter with its promise line, in reading order, by package."
    lines = [NOTE, '# Map\n', ABOUT_MAP]
    group = None
    for notebook in sorted(nbglob(CONFIG.nbs_path, as_path=True)):
        if notebook.name == CONFIG.readme_nb: continue
        folder = notebook.parent.name
        if notebook.parent == CONFIG.nbs_path: folder = re.sub(r'^\d+_', '', notebook.stem)
        if folder != group:
            group = folder
            name = re.sub(r'^\d+_', '', folder)
            about = package_doc(LIBRARY/name).splitlines() if (LIBRARY/name).is_dir() else []
            lines += ['', f'## {name}\n', *about[:1]]
            if about: lines.append('')
        lines.append(chapter_line(notebook))
    return '\n'.join(lines)+'\n'


def shown_names(package: Path) -> list[tuple[str, str]]:
    "The public names of a package and the module, seen from the library, that each comes from."
    tree = ast.parse((package/'__init__.pyi').read_text(encoding='utf-8'))
    prefix = '.'.join(package.relative_to(LIBRARY).parts)
    names = []
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not node.module: continue
        module = f'{prefix}.{node.module}'.strip('.')
        names += [(alias.asname or alias.name, module) for alias in node.names]
    return sorted(names, key=lambda pair: pair[0].lower())


def first_line(module: str, name: str) -> str:
    "The first line of a docstring, read without importing anything."
    path = LIBRARY/(module.replace('.', '/')+'.py')
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return (ast.get_docstring(node) or '').splitlines()[0]
    return ''


def chapter_of(module: str) -> Path:
    "The notebook that makes a module, as the module itself says."
    text = (LIBRARY/(module.replace('.', '/')+'.py')).read_text(encoding='utf-8')
    found = re.search(r'File to edit: (\S+\.ipynb)|# %% (\S+\.ipynb)', text)
    if found is None: raise SystemExit(f'{module} does not say which notebook makes it')
    stated = found[1] or found[2]
    return ROOT/'nbs'/stated.split('nbs/')[-1]


def api_page() -> str:
    "What the package shows, by sub-package."
    lines = [NOTE, '# API reference\n', ABOUT_API]
    packages = [LIBRARY, *sorted(stub.parent for stub in LIBRARY.glob('*/__init__.pyi'))]
    for package in packages:
        name = '.'.join(package.relative_to(ROOT).parts)
        lines += ['', f'## {name}\n', f'`from {name} import …`\n', *TABLE_HEAD]
        for shown, module in shown_names(package):
            link = os.path.relpath(chapter_of(module), DOCS).replace(os.sep, '/')
            lines.append(f'| [`{shown}`]({link}) | {first_line(module, shown)} |')
    return '\n'.join(lines)+'\n'


def format_row(name: str) -> str:
    "What of a format is read and written."
    reader = next((one for one in FORMATS if one.name == name), None)
    writer = WRITERS.get(name)
    cells = []
    for what in ('labels', 'predictions', 'points_3d', 'images'):
        ways = ['in'] if reader and what in reader.holds else []
        if writer and getattr(writer, what): ways.append('out')
        cells.append(', '.join(ways))
    title = writer.title if writer else reader.title if reader else ''
    packages = ', '.join(f'`{package}`' for package in writer.packages) if writer else ''
    needs = f'`[{writer.extra}]`: {packages}' if writer and packages else ''
    return f'| {title} | `{name}` | {" | ".join(cells)} | {needs} |'


def formats_page() -> str:
    "What comes in and goes out, from the registries."
    names = dict.fromkeys([*(one.name for one in FORMATS), *WRITERS])
    rows = [format_row(name) for name in names if name]
    notes = [f'- **{writer.title}**: {writer.about}' for writer in WRITERS.values() if writer.about]
    lines = [NOTE, '# Formats\n', ABOUT_FORMATS, '', *FORMATS_HEAD, *rows, '', '## How they open\n', *notes]
    return '\n'.join(lines)+'\n'


def fault_rows(cases: list[Case]) -> list[str]:
    "Rows of a table: cases that differ in nothing that is said share one."
    tried: Counter[tuple[str, ...]] = Counter()
    for case in cases:
        said = (case.name, f'**{case.outcome}**: {case.happens}', case.lost, case.lightning_pose)
        tried[said] += case.count
    rows = []
    for said, count in tried.items():
        cells = [text.replace('|', '\\|') for text in said]
        rows.append(f'| {count} | {" | ".join(cells)} |')
    return rows


def faults_page(cases: list[Case]) -> str:
    "What happens with bad input and under faults, and how often that is tried."
    total = sum(case.count for case in cases)
    lines = [NOTE, '# Bad input and faults\n', ABOUT_FAULTS, '']
    lines += [f'- **{outcome}**: {meaning}' for outcome, meaning in OUTCOMES.items()]
    lines += ['', f'In all: {total} cases.']
    for kind, title in KINDS.items():
        mine = [case for case in cases if case.kind == kind]
        if not mine: continue
        n = sum(case.count for case in mine)
        lines += ['', f'## {title} ({n})\n', *FAULTS_HEAD, *fault_rows(mine)]
    return '\n'.join(lines)+'\n'


def main() -> None:
    "Write the pages."
    DOCS.mkdir(exist_ok=True)
    (DOCS/'map.md').write_text(map_page(), encoding='utf-8')
    (DOCS/'api_reference.md').write_text(api_page(), encoding='utf-8')
    (DOCS/'formats.md').write_text(formats_page(), encoding='utf-8')
    (DOCS/'faults.md').write_text(faults_page(all_cases()), encoding='utf-8')


if __name__ == '__main__': main()
