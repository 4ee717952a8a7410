"""Finds where our code uses what a library does not promise to keep.

By its text: names that begin with an underscore and that nobody of ours defines, what is imported
from modules that a library does not document, attributes of Django's connection beside the
documented ones, and assignments to what belongs to a library. By its classes: private methods of a
library that a class of ours takes the place of.

It cannot see a public name without documentation on an object of a documented kind; such ones are
listed by hand (`private_apis.py`).
"""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType

from project.development.upgrading.documented import CONNECTION, MODULES
from project.environment import BASE_DIR

APPS = ("project", "tenants", "workflows", "tickets")
PACKAGES = (*APPS, "bench")
OURS = frozenset({*PACKAGES, "dev", "manage"})
# How Django's connection is called, where one of these is imported to get it.
CONNECTIONS = frozenset({"connection", "wrapper"})
KEPT_AS = "_wrapper"
IMPORTED_FROM = ("django.db.connection", "django.db.connections", "tenants.connection.database")
BY_NAME = frozenset({"getattr", "setattr", "hasattr", "delattr"})


@dataclass(frozen=True, order=True)
class Use:
    """A use of something private: its name (dotted where it is imported), and the place."""

    name: str
    place: str


def private_uses() -> list[Use]:
    """Every use that is found, by name."""
    return sorted({*_in_texts(), *_in_classes()})


def source_files() -> Iterator[Path]:
    """Our modules without tests (whatever they use, they fail where it has gone)."""
    for package in PACKAGES:
        for path in sorted((BASE_DIR / package).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.relative_to(BASE_DIR).parts):
                yield path


def _in_texts() -> Iterator[Use]:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in source_files()}
    defined = {path: defined_on_objects(tree) for path, tree in trees.items()}
    everywhere = frozenset().union(*defined.values())
    for path, tree in trees.items():
        finder = Finder(here=defined[path], everywhere=everywhere)
        finder.visit(tree)
        place = path.relative_to(BASE_DIR).as_posix()
        for name, line in finder.found:
            yield Use(name, f"{place}:{line}")


def is_private(name: str) -> bool:
    """By Python's convention; `__init__` and its like are the language's, `_meta`,
    `_default_manager` and `os._exit` are documented."""
    documented = {"_", "_meta", "_default_manager", "_exit"}
    return name.startswith("_") and not name.startswith("__") and name not in documented


def defined_on_objects(tree: ast.AST) -> frozenset[str]:
    """The attributes that the classes of a module have."""
    return frozenset().union(*_attributes(tree).values())


def _attributes(tree: ast.AST) -> dict[str, set[str]]:
    """{class: the names that it and what is in it define}; goes over the tree once."""
    found: dict[str, set[str]] = {}
    left: list[tuple[ast.AST, tuple[set[str], ...]]] = [(tree, ())]
    while left:
        node, around = left.pop()
        if isinstance(node, ast.ClassDef):
            around = (*around, found.setdefault(node.name, set()))
        for name in _defined(node) if around else ():
            for names in around:
                names.add(name)
        left += [(inner, around) for inner in ast.iter_child_nodes(node)]
    return found


def _defined(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node):
        yield node.attr


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


class Finder(ast.NodeVisitor):
    """Collects (name, line) of one module."""

    def __init__(self, *, here: Collection[str], everywhere: Collection[str]) -> None:
        self.found: list[tuple[str, int]] = []
        self._here = here
        self._everywhere = everywhere
        self._imported: set[str] = set()
        self._has_connection = False

    def visit_Import(self, node: ast.Import) -> None:
        for each in node.names:
            name = each.asname or each.name.split(".")[0]
            self._import(each.name, name, node.lineno, is_documented=each.name in MODULES)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for each in node.names if node.level == 0 else ():
            path = f"{node.module}.{each.name}"
            is_documented = path in MODULES or node.module in MODULES
            name = each.asname or each.name
            self._import(path, name, node.lineno, is_documented=is_documented)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if (is_private(node.attr) and not self._is_ours(node)) or (
            self._is_connection(node.value) and node.attr not in CONNECTION
        ):
            self.found.append((node.attr, node.lineno))
        if isinstance(node.ctx, ast.Store | ast.Del) and _root(node) in self._imported:
            self.found.append((node.attr, node.lineno))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """What is asked for by its name, as text."""
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        name = node.args[1] if called in BY_NAME and len(node.args) > 1 else None
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            is_change = called in {"setattr", "delattr"} and _root(node.args[0]) in self._imported
            if is_change or (is_private(name.value) and name.value not in self._here):
                self.found.append((name.value, node.lineno))
        self.generic_visit(node)

    def _is_connection(self, node: ast.expr) -> bool:
        if not self._has_connection:
            return False
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id == "database"
        if isinstance(node, ast.Attribute):
            return node.attr == KEPT_AS and _is_self(node)
        return isinstance(node, ast.Name) and node.id in CONNECTIONS

    def _import(self, path: str, name: str, line: int, *, is_documented: bool) -> None:
        package = path.split(".")[0]
        self._has_connection = self._has_connection or path in IMPORTED_FROM
        if package in OURS:
            return
        is_of_python = package in sys.stdlib_module_names
        if path != "os":  # whose environment is there to be changed
            self._imported.add(name)
        is_known = is_of_python or is_documented
        if any(is_private(part) for part in path.split(".")) or not is_known:
            self.found.append((path, line))

    def _is_ours(self, node: ast.Attribute) -> bool:
        """Of oneself: what any class of ours defines, for a mixin stands in another module. Of
        others: what this module defines, for private names are used in their own module only."""
        return node.attr in (self._everywhere if _is_self(node) else self._here)


def _root(node: ast.expr) -> str:
    """The name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _in_classes() -> Iterator[Use]:
    """Private methods and attributes of a library's class that one of ours takes the place of."""
    for each in our_classes():
        for name in filter(is_private, _attributes_of(each)):
            if any(has_attribute(base, name) for base in foreign_bases(each)):
                yield Use(name, f"{each.__module__}.{each.__qualname__}")


def has_attribute(owner: type, name: str) -> bool:
    """Whether a class has an attribute itself, or gives it to its objects."""
    if name in vars(owner):
        return True
    return name in _text_of(owner.__module__) and name in _attributes_of(owner)


def _attributes_of(each: type) -> frozenset[str]:
    """The names that the text of a class defines, of itself and of its objects."""
    return _classes_of(each.__module__).get(each.__qualname__, frozenset())


@cache
def _classes_of(module: str) -> dict[str, frozenset[str]]:
    """{class: the names that it defines}."""
    return {
        name: frozenset(each) for name, each in _attributes(ast.parse(_text_of(module))).items()
    }


@cache
def _text_of(module: str) -> str:
    """Empty for what is written in C."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return ""
    return Path(spec.origin).read_text(encoding="utf-8")


@cache
def our_classes() -> tuple[type, ...]:
    """Every class of the apps, without those of tests."""
    modules = [
        importlib.import_module(found.name)
        for app in APPS
        for found in pkgutil.walk_packages(importlib.import_module(app).__path__, f"{app}.")
        if not {"tests", "migrations", "__main__"} & set(found.name.split("."))
    ]
    return tuple(
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    )


def foreign_bases(each: type) -> list[type]:
    """The classes of libraries that it inherits from, nearest first."""
    return [base for base in each.__mro__ if base is not object and not is_ours(base)]


def is_ours(thing: type | FunctionType) -> bool:
    return str(thing.__module__).split(".")[0] in OURS
