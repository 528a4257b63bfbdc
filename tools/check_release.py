"""Before a release: the tag is the version everywhere, and the changelog has a section for it.

    python tools/check_release.py v0.2.0
"""
import re
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parent.parent


def versions() -> dict[str, str]:
    "The version as each file states it."
    ini = ConfigParser(delimiters=['='])
    ini.read(ROOT/'settings.ini', encoding='utf-8')
    init = (ROOT/'lightning_pose_nb'/'__init__.py').read_text(encoding='utf-8')
    citation = (ROOT/'CITATION.cff').read_text(encoding='utf-8')
    return {
        'settings.ini': ini['DEFAULT']['version'],
        'lightning_pose_nb/__init__.py': re.search(r'__version__ = "([^"]+)"', init)[1],
        'CITATION.cff': re.search(r'^version: (\S+)', citation, flags=re.MULTILINE)[1],
    }


def complaints(tag: str) -> list[str]:
    "What keeps this tag from being released."
    wanted = tag.removeprefix('v')
    found = []
    for file, version in versions().items():
        if version != wanted: found.append(f'{file} says version {version}, the tag {wanted}')
    changelog = (ROOT/'CHANGELOG.md').read_text(encoding='utf-8')
    heading = rf'^## {re.escape(wanted)}\b.*\n'
    up_to_the_next = r'(?P<text>(?:(?!^## ).*\n?)*)'
    section = re.search(heading+up_to_the_next, changelog, flags=re.MULTILINE)
    if section is None: found.append(f'CHANGELOG.md has no section "## {wanted}"')
    elif not section['text'].strip():
        found.append(f'the section "## {wanted}" of CHANGELOG.md is empty')
    return found


if __name__ == '__main__': sys.exit('\n'.join(complaints(sys.argv[1])) or None)
