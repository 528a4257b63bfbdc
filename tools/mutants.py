"""Mutation testing: change one thing in a module, and see whether its chapter's tests notice.

    pip install cosmic-ray
    python tools/mutants.py core.coordinates losses.pose_subspace --most 200 --seed 0

The mutants are cosmic-ray's (without the swaps that nobody mistypes, such as + by >>). Each runs in a
process of its own, forked from one that has loaded the libraries already, so a mutant costs about a
second. The tests are the chapter's own cells, `--also NAME` adds those of other chapters. Printed are
the share of mutants that the tests notice, and each one that they do not.
"""
import argparse
import difflib
import importlib
import io
import os
import random
import re
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.util import spec_from_loader
from pathlib import Path

from fastcore.nbio import read_nb
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from nbdev.test import nb_test_cells

CONFIG = get_config(Path(__file__).parent)
ROOT = CONFIG.config_path
PACKAGE = CONFIG.lib_path.name
LIBRARIES = ('numpy', 'pandas', 'torch', 'pydantic', 'yaml', 'matplotlib.pyplot', 'cv2', 'PIL.Image',
             'hypothesis', 'safetensors', 'fastcore.test', 'psutil', 'scipy')
POINTLESS = re.compile('RShift|LShift|Bit|Pow|FloorDiv|UAdd|(Lt|Gt|Eq|LtE|GtE|NotEq)_Is|Is_[LGEN]|IsNot_[LGEN]')
EXPORTS = {'export', 'exports', 'exporti'}
SECONDS = 60 # after which a mutant that loops counts as noticed


class MutantLoader(SourceLoader, MetaPathFinder):
    "Imports one module from a changed source."
    def __init__(self, module: str, source: str):
        self.module = module
        self.source = source

    def find_spec(self, fullname, path=None, target=None):
        return spec_from_loader(fullname, self) if fullname == self.module else None

    def get_filename(self, fullname): return f'<mutant of {fullname}>'
    def get_data(self, path): return self.source.encode()


def mutants(source: str) -> Iterator[str]:
    "Every changed source, one change each."
    from cosmic_ray.plugins import get_operator, operator_names
    for name in operator_names():
        if POINTLESS.search(name) or 'Variable' in name: continue
        operator = get_operator(name)()
        occurrence = 0
        while changed := mutated(source, operator, occurrence):
            if changed != source: yield changed
            occurrence += 1


def mutated(source: str, operator, occurrence: int) -> str | None:
    "The source with one change, None if there is none; as it was where cosmic-ray fails (`except a.B`)."
    from cosmic_ray.mutating import mutate_code
    try: return mutate_code(source, operator, occurrence)
    except AttributeError: return source


def chapters() -> dict[str, Path]:
    "The notebook of each module."
    books = {}
    for notebook in nbglob(CONFIG.nbs_path, as_path=True):
        stated = [cell.directive('default_exp') for cell in read_nb(notebook).cells]
        module = next(filter(None, stated), None)
        if module: books[module] = notebook
    return books


def run_tests(notebooks: Iterable[Path]) -> None:
    "Run the test cells of chapters against their modules; raises what they raise."
    for notebook in notebooks:
        module = next(name for name, path in chapters().items() if path == notebook)
        names = dict(vars(importlib.import_module(f'{PACKAGE}.{module}')))
        names['__name__'] = '__main__'
        names['display'] = lambda *_: None
        os.chdir(notebook.parent)
        for cell in nb_test_cells(notebook, skip_flags=CONFIG.tst_flags.split()):
            magic = cell.source.lstrip().startswith(('%', '!'))
            if not EXPORTS & cell.directives.keys() and not magic:
                exec(compile(cell.source, str(notebook), 'exec'), names)


def is_noticed(module: str, source: str, notebooks: Sequence[Path]) -> bool:
    "Do the tests fail with this source? They run in a child process."
    child = os.fork()
    if child == 0:
        code = 1
        with suppress(BaseException), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            signal.alarm(SECONDS)
            sys.meta_path.insert(0, MutantLoader(f'{PACKAGE}.{module}', source))
            run_tests(notebooks)
            code = 0
        os._exit(code)
    return os.waitpid(child, 0)[1] != 0


def change(old: str, new: str) -> str:
    "What a mutant changes, as the lines that differ."
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm='', n=0)
    return '\n'.join(f'      {line}' for line in list(lines)[3:])


def report(module: str, options: argparse.Namespace) -> None:
    "Try the mutants of a module and print which survive."
    books = chapters()
    notebooks = [books[module], *(books[name] for name in options.also)]
    source = (CONFIG.lib_path/(module.replace('.', '/')+'.py')).read_text(encoding='utf-8')
    if is_noticed(module, source, notebooks): raise SystemExit(f'{module}: the tests fail without any mutant')
    every = list(mutants(source))
    some = random.Random(options.seed).sample(every, min(options.most, len(every)))
    began = time.monotonic()
    survivors = [mutant for mutant in some if not is_noticed(module, mutant, notebooks)]
    noticed = len(some)-len(survivors)
    print(f'{module}: {noticed} of {len(some)} mutants noticed ({100*noticed/len(some):.0f} %), '
          f'of {len(every)} in all, {time.monotonic()-began:.0f} s')
    for mutant in survivors: print(change(source, mutant), end='\n\n')


def main() -> None:
    "The command."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('modules', nargs='+', help='such as core.coordinates')
    parser.add_argument('--also', nargs='*', default=[], help='modules whose chapters test them, too')
    parser.add_argument('--most', type=int, default=200, help='mutants to try of each, drawn at random')
    parser.add_argument('--seed', type=int, default=0, help='of the draw')
    options = parser.parse_args()
    os.environ.setdefault('MPLBACKEND', 'agg')
    for name in LIBRARIES:
        with suppress(ImportError): importlib.import_module(name)
    for module in options.modules: report(module, options)


if __name__ == '__main__': main()
