"""Descriptions of a home and tuning numbers as JSON, for another process.

What is read back is checked against the dataclasses themselves, field by field: a
new field travels by itself, and one that is unknown, missing or of another type is
refused. Both sides are the same version of the engine, so there is nothing to guess.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
import math
from types import UnionType
from typing import Any, Literal, TypeAliasType, get_args, get_origin, get_type_hints

from .config import EngineConfig
from .errors import SpecificationError
from .types import HomeSpec


def spec_document(spec: HomeSpec) -> Any:
    """Return the description of a home as values that JSON knows."""
    return _plain(spec)


def read_spec(document: object) -> HomeSpec:
    """Read the description of a home back.

    Raises:
        SpecificationError: it is none, or contradicts itself.
    """
    return _read_dataclass(HomeSpec, document, "home")


def config_document(config: EngineConfig) -> Any:
    """Return the tuning numbers as values that JSON knows."""
    return _plain(config)


def read_config(document: object) -> EngineConfig:
    """Read tuning numbers back.

    Raises:
        SpecificationError: one is unknown, missing or of another type.
    """
    return _read_dataclass(EngineConfig, document, "config")


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value


def _read_dataclass[T](kind: type[T], document: object, place: str) -> T:
    hints = get_type_hints(kind)
    if not isinstance(document, Mapping):
        raise SpecificationError(f"{place} is no object")
    if odd := document.keys() ^ hints.keys():
        raise SpecificationError(f"{place}: unknown or missing: {sorted(odd, key=str)}")
    return kind(
        **{
            name: _read(hint, document[name], f"{place}.{name}")
            for name, hint in hints.items()
        }
    )


def _read(hint: Any, value: Any, place: str) -> Any:
    """Return a value as its type says it is, or refuse it."""
    if isinstance(hint, TypeAliasType):
        hint = hint.__value__
    if is_dataclass(hint) and isinstance(hint, type):
        return _read_dataclass(hint, value, place)
    origin = get_origin(hint)
    if origin is tuple:
        return _read_tuple(get_args(hint), value, place)
    if origin is UnionType:
        return _read_union(get_args(hint), value, place)
    allowed = get_args(hint) if origin is Literal else ()
    return _read_single(hint, value, allowed, place)


def _read_single(hint: Any, value: Any, allowed: tuple[Any, ...], place: str) -> Any:
    """Return one of the allowed values, or a value of a type that has no parts."""
    if allowed:
        if value in allowed:
            return value
    elif issubclass(hint, Enum):
        if value in list(hint):
            return hint(value)
    elif hint is float:
        if type(value) in {int, float} and math.isfinite(value):
            return float(value)
    elif type(value) is hint:
        return value
    raise SpecificationError(f"{place} cannot be {value!r}")


def _read_tuple(kinds: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise SpecificationError(f"{place} is no list")
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise SpecificationError(f"{place} is of another length")
    return tuple(
        _read(kind, item, f"{place}[{number}]")
        for number, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _read_union(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    """Return what is None, or of the one other type."""
    if value is None and type(None) in kinds:
        return None
    (kind,) = (kind for kind in kinds if kind is not type(None))
    return _read(kind, value, place)
