"""Cases of bad input and faults: what goes in, what the package does about it, and what is lost.

Every suite `tests/bad_<kind>.py` has a list `CASES`; `tests/test_bad_<kind>.py` runs each of them, and
`tools/pages.py` makes the page `docs/faults.md` from the same lists.
"""
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = {  # of cases, in the order of the page
    'config': 'Config files',
    'labels': 'Label tables',
    'images': 'Images',
    'videos': 'Videos',
    'names': 'Names and paths',
    'formats': 'Files of other programs, in and out',
    'faults': 'Faults while something runs',
}
OUTCOMES = {
    'right': 'the result is right, and nothing needs to be said',
    'told': 'the result is right, or its missing parts are marked, and a message says what was found',
    'refused': 'a message names file, place and remedy before anything is computed; the exit code is 1',
}


@dataclass(frozen=True)
class Case:
    "One bad input or fault."
    kind: str                                # A key of `KINDS`
    name: str                                # In a user's words; cases of one name share a row of the page
    happens: str                             # What the package does about it, in a user's words
    outcome: str                             # A key of `OUTCOMES`
    make: Callable[..., Any] | None = None   # Makes the input, as the test of its kind wants it
    expect: Any = None                       # What the test of its kind compares with
    lost: str = 'nothing'                    # Frames, labels or work that are lost
    lightning_pose: str = ''                 # What Lightning Pose does, where that is known
    count: int = 1                           # How often the tests try it

    def __post_init__(self):
        if self.kind not in KINDS or self.outcome not in OUTCOMES:
            raise ValueError(f'{self.name}: no kind {self.kind} or no outcome {self.outcome}')

    def __str__(self):
        return f'{self.kind}: {self.name}'


def all_cases() -> list[Case]:
    "The cases of all suites."
    cases: list[Case] = []
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith('bad_') and module.name != __name__:
            cases += importlib.import_module(module.name).CASES
    return cases
