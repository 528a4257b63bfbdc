"""How a package shows its public names: listed in `__init__.pyi`, loaded on first use, and the nearest one named."""
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import lazy_loader


def public_names(
    package: str, # `__name__` of the package
    file: str,    # `__file__` of its `__init__`
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]: # `__getattr__`, `__dir__`, `__all__`
    "What a package's `__init__` needs to show the names that its stub lists."
    load, names, listed = lazy_loader.attach_stub(package, file)

    def find(name: str) -> Any:
        "A public name; raises AttributeError for one there is not, and says what there is."
        if name in listed or name.startswith('_'): return load(name)
        near = get_close_matches(name, listed, 1)
        hint = f'Did you mean {near[0]}?' if near else f'It has {", ".join(sorted(listed))}'
        raise AttributeError(f'{package} has no {name!r}. {hint}')

    return find, names, listed
