"""The plan of the house: numbered notebooks, short cells, public names, reasons for exceptions."""
import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest
from fastcore.nbio import read_nb
from test_layers import BOOKS, CONFIG, EXPORTS, LIB

ROOT = CONFIG.config_path
LIBRARY = ROOT/LIB
STUBS = sorted(LIBRARY.rglob('__init__.pyi'))
EXCEPTIONS = tomllib.loads((Path(__file__).parent/'exceptions.toml').read_text(encoding='utf-8'))
CHECKED = ('tests', 'tools', 'benchmarks')  # folders of Python files that obey the same limits
LONGEST = 40  # lines of code in an exported cell; blank lines and comments do not count


def test_notebooks_are_numbered_in_tens_and_named_like_their_module():
    wrong = []
    for module, path in BOOKS.items():
        place = path.relative_to(CONFIG.nbs_path).with_suffix('').as_posix()
        package, _, name = module.rpartition('.')
        expected = rf'\d\d_{package}/\d0_{name}' if package else rf'\d\d_{name}'
        if not re.fullmatch(expected, place): wrong.append(f'{place} makes {module}')
    assert not wrong, '; '.join(wrong)


def must_be(found: set[str], allowed: set[str], what: str):
    "Fail unless exactly those stand out that may; the message names what is new and what is gone."
    new = sorted(found-allowed)
    gone = sorted(allowed-found)
    assert found == allowed, f'{what}: {new}; no longer: {gone}'


def exported_cells():
    "Every exported cell: notebook path from the root, id, and its lines of code."
    for path in BOOKS.values():
        for cell in read_nb(path).cells:
            if EXPORTS & cell.directives.keys():
                stripped = map(str.strip, cell.source.splitlines())
                lines = [line for line in stripped if line and not line.startswith('#')]
                yield path.relative_to(ROOT).as_posix(), cell.id, lines


def test_exported_cells_hold_one_thought():
    long = {f'{path}: {cell}' for path, cell, lines in exported_cells() if len(lines) > LONGEST}
    must_be(long, set(EXCEPTIONS['long_cells']), f'over {LONGEST} lines')


def sources():
    "All code that a person writes: the cells of notebooks and the Python files beside the package."
    for path in sorted(CONFIG.nbs_path.rglob('*.ipynb')):
        for cell in read_nb(path).cells:
            if cell.cell_type == 'code': yield path.relative_to(ROOT).as_posix(), cell.source
    for folder in CHECKED:
        for path in sorted((ROOT/folder).rglob('*.py')):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding='utf-8')


STANDS_OUT = re.compile(r'\s*(?:def|class) (\w+).*#\s*noqa: (?:C901|PLR0913|E501)')


def test_what_stands_out_is_named_with_its_reason():
    found = set()
    for path, source in sources():
        for line in source.splitlines():
            function = STANDS_OUT.match(line)
            if function: found.add(f'{path}: {function[1]}')
    allowed = EXCEPTIONS['noqa']
    must_be(found, set(allowed), 'not named')
    assert all(len(reason) > 20 for reason in allowed.values())


def stub_names(stub: Path) -> dict[str, str]:
    "Each name that a package shows, and the module it comes from."
    names = {}
    for node in ast.parse(stub.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: node.module for alias in node.names}
    return names


@pytest.mark.parametrize('stub', STUBS, ids=lambda stub: stub.parent.name)
def test_public_names_are_there(stub: Path):
    package = '.'.join(stub.parent.relative_to(ROOT).parts)
    shown = importlib.import_module(package)
    for name, module in stub_names(stub).items():
        assert not (stub.parent/f'{name}.py').is_file(), f'{package} shows {name}, which is a module of the same name'
        home = importlib.import_module(f'{package}.{module}')
        assert name in home.__all__, f'{package} shows {name}, which {module} keeps for itself'
        assert getattr(shown, name) is getattr(home, name)
    assert shown.__doc__, f'{package} says in its docstring what it is for'


def test_every_package_shows_its_names():
    packages = {LIBRARY/module.split('.')[0] for module in BOOKS if '.' in module}
    assert {stub.parent for stub in STUBS} == {LIBRARY, *packages}
    assert (LIBRARY/'py.typed').is_file()


def imported(source: str) -> list[tuple[str | None, list[str]]]:
    "What some code imports from this package: (module or None, names)."
    found = []
    for node in ast.walk(ast.parse(re.sub(r'^\s*[%!].*', 'pass', source, flags=re.MULTILINE))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split('.')[0] == LIB:
            module = node.module.removeprefix(LIB).removeprefix('.')
            found.append((module or None, [alias.name for alias in node.names]))
    return found


def hidden_names(source: str, packages: dict[str, dict[str, str]]) -> list[str]:
    "What some code imports although no package shows it."
    hidden = []
    for module, names in imported(source):
        package = module or LIB
        known = {*packages.get(package, {}), *packages}
        hidden += [f'{package}.{name}' for name in names if name not in known]
    return hidden


def test_tutorials_and_benchmarks_use_public_names_only():
    "Rings 1 and 2: what the package and its sub-packages show."
    packages = {stub.parent.name: stub_names(stub) for stub in STUBS}
    wrong = []
    for path, source in sources():
        if not path.startswith(('nbs/tutorials', 'nbs/index', 'benchmarks')): continue
        wrong += [f'{path}: {name}' for name in hidden_names(source, packages)]
    assert not wrong, '; '.join(sorted(set(wrong)))


def documents():
    "Every text with links, and its file: the pages of `docs` and the prose of all notebooks."
    for page in sorted((ROOT/'docs').glob('*.md')): yield page, page.read_text(encoding='utf-8')
    for path in sorted(CONFIG.nbs_path.rglob('*.ipynb')):
        for cell in read_nb(path).cells:
            if cell.cell_type == 'markdown': yield path, cell.source


def test_links_between_chapters_lead_somewhere():
    wrong = []
    for file, text in documents():
        for link in re.findall(r'\]\(([\w./-]+\.(?:ipynb|md))(?:#[\w-]*)?\)', text):
            there = (file.parent/link).resolve().is_file()
            if not there: wrong.append(f'{file.relative_to(ROOT)}: {link}')
    assert not wrong, '; '.join(wrong)


def test_a_misspelt_public_name_is_told_the_nearest():
    package = importlib.import_module(LIB)
    with pytest.raises(AttributeError, match='Did you mean TrainedModel'): _ = package.Trainedmodel
    with pytest.raises(AttributeError, match='Did you mean plot_errors'): _ = package.plots.plot_eror
