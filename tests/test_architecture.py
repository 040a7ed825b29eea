"""The shape of the code: who may know whom, and how large a part may grow."""

import ast
from collections.abc import Iterator
from pathlib import Path
import subprocess
import sys
from typing import Final

import pytest

from custom_components.occupancy_prediction.engine.models import MEMBERS

ROOT: Final = Path(__file__).parent.parent
COMPONENT: Final = ROOT / "custom_components/occupancy_prediction"
ENGINE: Final = COMPONENT / "engine"

# What one reads in one go, and what one name can stand for.
MAX_MODULE_LINES: Final = 400
MAX_TEST_LINES: Final = 500
MAX_CLASS_LINES: Final = 250

# The time is an argument, randomness has a seed, and reading, writing, waiting and
# reporting are up to whoever calls the engine.
NOT_IN_THE_ENGINE: Final = {
    "asyncio",
    "concurrent",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "pickle",
    "random",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
}

# Imports each module of the engine where only numpy can be had.
IMPORT_ALL: Final = """
import importlib, pkgutil, sys
import benchmarks
for name in ("homeassistant", "probatio", "aiohttp", "sqlalchemy", "pandas", "scipy",
             "river", "sklearn", "lightgbm", "hmmlearn"):
    sys.modules[name] = None
from custom_components.occupancy_prediction import engine
for module in pkgutil.walk_packages(engine.__path__, engine.__name__ + "."):
    importlib.import_module(module.name)
    print(module.name)
"""


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    """Name a file as seen from the top of the repository."""
    return str(path.relative_to(ROOT))


def parse(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level packages that a module imports, without relative ones."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def test_the_engine_needs_numpy_only() -> None:
    """Every module of the engine can be imported without Home Assistant."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    modules = {path for path in ENGINE.rglob("*.py") if path != ENGINE / "__init__.py"}
    assert len(result.stdout.split()) == len(modules)


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=relative)
def test_the_engine_reaches_nothing_outside(path: Path) -> None:
    """The engine computes; it does not read, write, wait, or look at the clock."""
    packages = set(imported(path))
    assert not packages & NOT_IN_THE_ENGINE
    assert packages <= sys.stdlib_module_names | {"numpy"}


@pytest.mark.parametrize("path", sorted(COMPONENT.rglob("*.py")), ids=relative)
def test_nothing_imports_the_composition_root(path: Path) -> None:
    """``from . import name`` names a module, not something of ``__init__``."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ImportFrom) and node.level and node.module is None:
            package = path.parents[node.level - 1]
            for alias in node.names:
                assert any(package.glob(f"{alias.name}*")), alias.name


def test_import_contracts() -> None:
    """The contracts in pyproject.toml are kept."""
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("folders", "limit"),
    [
        (("custom_components", "benchmarks", "scripts"), MAX_MODULE_LINES),
        (("tests",), MAX_TEST_LINES),
    ],
    ids=["modules", "tests"],
)
def test_modules_stay_small(folders: tuple[str, ...], limit: int) -> None:
    """No file is longer than one reads in one go."""
    lines = {
        relative(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files(*folders)
    }
    assert {name: count for name, count in lines.items() if count > limit} == {}


def test_classes_stay_small() -> None:
    """No class does more than its name can say."""
    sizes = {
        f"{relative(path)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in python_files("custom_components", "benchmarks", "scripts", "tests")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ClassDef)
    }
    assert {name: size for name, size in sizes.items() if size > MAX_CLASS_LINES} == {}


@pytest.mark.parametrize("name", [member.name for member in MEMBERS])
def test_every_member_has_tests(name: str) -> None:
    """A member of the pool comes with a test of its own."""
    assert list((ROOT / "tests/engine").rglob(f"test_{name}.py"))
