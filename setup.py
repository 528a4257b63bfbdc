"""Packaging. Dependencies and version come from `settings.ini`; `pyproject.toml` holds what nbdev 3 reads.

The two files share a few facts. They are compared here, so that a disagreement stops an install instead of a release.
"""
import tomllib
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
ini = ConfigParser(delimiters=['='])
ini.read(root/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
toml = tomllib.loads((root/'pyproject.toml').read_text(encoding='utf-8'))
project,nbdev = toml['project'],toml['tool']['nbdev']
lib = cfg['lib_path']

shared = {
    'lib_name': project['name'], 'description': project['description'], 'git_url': project['urls']['Repository'],
    'min_python': project['requires-python'].removeprefix('>='), 'lib_path': nbdev['lib_path'],
    'nbs_path': nbdev['nbs_path'], 'tst_flags': nbdev['tst_flags'],
}
for key,value in shared.items():
    if cfg[key]!=value: raise SystemExit(f'settings.ini says {key} = {cfg[key]!r}, but pyproject.toml says {value!r}')
if f'__version__ = "{cfg["version"]}"' not in (root/lib/'__init__.py').read_text(encoding='utf-8'):
    raise SystemExit(f'settings.ini says version = {cfg["version"]}, but {lib}/__init__.py does not')

EXTRAS = (
    'dali', 'dali-cuda13', 'openvino', 'onnx', 'fiftyone', 'formats', 'cluster', 'remote', 'tune', 'live', 'wandb',
    'mlflow', 'dev')

setup(
    version=cfg['version'],
    packages=find_packages(include=[lib, f'{lib}.*']),
    include_package_data=True,
    install_requires=cfg['requirements'].split(),
    extras_require={name: cfg[f'{name.replace("-", "_")}_requirements'].split() for name in EXTRAS},
    entry_points={'nbdev': [f'{lib} = {lib}._modidx:d'], 'console_scripts': [f'lpnb = {lib}.cli.main:main']},
)
