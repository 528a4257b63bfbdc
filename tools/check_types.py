"""Count what pyright finds in each package; fail over what `tools/type_errors.json` allows.

    python tools/check_types.py            # compare
    python tools/check_types.py --write    # lower the counts to what is found now; they never rise
    python tools/check_types.py --list core  # the errors of one package
"""
import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT/'lightning_pose_nb'
LIMITS = Path(__file__).parent/'type_errors.json'


def package_of(file: str) -> str:
    "The package, or the module directly below the library, that a file belongs to."
    return Path(file).resolve().relative_to(LIBRARY).parts[0].removesuffix('.py')


def find_errors() -> list[dict]:
    "Every error that pyright finds with the settings of `pyproject.toml`."
    command = [sys.executable, '-m', 'pyright', '--outputjson', '--pythonpath', sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if not done.stdout.startswith('{'): sys.exit(f'pyright did not run: {done.stdout}{done.stderr}')
    found = json.loads(done.stdout)['generalDiagnostics']
    return [error for error in found if error['severity'] == 'error']


def show(errors: list[dict], package: str) -> None:
    "Print the errors of one package."
    for error in errors:
        if package_of(error['file']) != package: continue
        file = Path(error['file']).relative_to(ROOT)
        line = error['range']['start']['line']+1
        print(f"{file}:{line}: {error['message'].splitlines()[0]}")


def compare(found: Counter, allowed: dict[str, int]) -> int:
    "Print found and allowed counts; the exit code."
    packages = sorted({*found, *allowed})
    more = [package for package in packages if found[package] > allowed.get(package, 0)]
    for package in packages:
        print(f'{package:12}{found[package]:5} of {allowed.get(package, 0)} allowed')
    if more: print(f'more type errors than allowed in {", ".join(more)}: see --list PACKAGE')
    return int(bool(more))


def lower(allowed: dict[str, int], found: Counter) -> dict[str, int]:
    "Write down what is found now where it is less than was allowed."
    lowered = {}
    for package, count in sorted(found.items()):
        lowered[package] = min(count, allowed.get(package, count))
    LIMITS.write_text(json.dumps(lowered, indent=1)+'\n', encoding='utf-8')
    return lowered


def main() -> int:
    "Read the command line."
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument('--write', action='store_true', help='lower the counts to those found')
    parser.add_argument('--list', metavar='PACKAGE', help='print the errors of one package')
    args = parser.parse_args()
    errors = find_errors()
    if args.list:
        show(errors, args.list)
        return 0
    found = Counter(package_of(error['file']) for error in errors)
    allowed = dict(found)
    if LIMITS.is_file(): allowed = json.loads(LIMITS.read_text(encoding='utf-8'))
    if args.write: allowed = lower(allowed, found)
    return compare(found, allowed)


if __name__ == '__main__': sys.exit(main())
