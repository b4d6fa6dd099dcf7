"""A policy written as data: a mapping, as a TOML file gives it, checked key by key."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from consentgate.errors import PolicyError
from consentgate.i18n.messages import SOURCE
from consentgate.i18n.texts import Message, translated
from consentgate.presets import preset

from .catalogue import PUBLISHED
from .category import Attestation, Basis, Category, Cookie

_T = TypeVar("_T")

_CATEGORY = (
    "key",
    "title",
    "description",
    "basis",
    "hosts",
    "sale_or_share",
    "consent_mode",
    "revision",
)
_COOKIE = tuple(field.name for field in fields(Cookie))
_ATTESTATION = tuple(field.name for field in fields(Attestation))

Arguments = dict[str, Any]


def arguments_of(mapping: Mapping[str, Any], source: str = "") -> tuple[list[Category], Arguments]:
    """Return the categories and the keyword arguments of the policy that *mapping* describes.

    Args:
        mapping: the keys of a policy file: those of `Policy`, ``presets`` and ``category``.
        source: what to call it in errors, a file's name.

    Raises:
        PolicyError: naming the source, the table and the culprit.
    """
    with _Place(source or "policy"):
        table = _table(mapping, (*PUBLISHED, "presets", "category"))
        own = table.get("language", SOURCE)
        table = _spoken(table, ("title",), own)
        categories = [_category(each, own) for each in _tables(table.pop("category", ()), "category")]
        cookies = [cookie for each in _presets(table.pop("presets", ())) for cookie in each]
        return _with_presets(categories, cookies), table


class _Place:
    """Prefix what goes wrong inside with where it is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, PolicyError):
            raise PolicyError(f"{self._name}: {error}") from None


def _table(mapping: object, known: Iterable[str]) -> Arguments:
    if not isinstance(mapping, Mapping):
        raise PolicyError(f"a table of keys and values is needed, not {mapping!r}")
    known = list(known)
    for key in mapping:
        if key not in known:
            raise PolicyError(f"unknown key {key!r}; known are {', '.join(known)}")
    return dict(mapping)


def _tables(tables: object, name: str) -> list[Any]:
    if isinstance(tables, Mapping) or not isinstance(tables, (list, tuple)):
        raise PolicyError(f"{name} must be an array of tables, [[{name}]], not {tables!r}")
    return list(tables)


def _built(build: Callable[..., _T], table: Arguments, required: str) -> _T:
    if required not in table:
        raise PolicyError(f"no {required!r}")
    return build(table.pop(required), **table)


def _spoken(table: Arguments, texts: Iterable[str], own: str) -> Arguments:
    """Return *table* with each of *texts* that is given by language as one text that knows them all."""
    for name in texts:
        if isinstance(table.get(name), Mapping):
            with _Place(name):
                table = {**table, name: translated(table[name], own)}
    return table


def _category(mapping: object, own: str) -> Category:
    with _Place(_named("[[category]]", mapping, "key")):
        table = _table(mapping, (*_CATEGORY, "cookies", "cookie", "attestation"))
        table = _spoken(table, ("title", "description"), own)
        names = table.pop("cookies", [])
        if not isinstance(names, (list, tuple)):
            raise PolicyError(f"cookies must be an array of names, not {names!r}")
        described = [_cookie(each, own) for each in _tables(table.pop("cookie", []), "category.cookie")]
        if "attestation" in table:
            table["attestation"] = _attestation(table["attestation"])
        return _built(Category, {**table, "cookies": [*described, *names]}, "key")


def _cookie(mapping: object, own: str) -> Cookie:
    with _Place(_named("[[category.cookie]]", mapping, "name")):
        table = _spoken(_table(mapping, _COOKIE), ("function", "location", "purpose"), own)
        return _built(Cookie, table, "name")


def _attestation(mapping: object) -> Attestation:
    with _Place("[category.attestation]"):
        return Attestation(**_table(mapping, _ATTESTATION))


def _named(header: str, mapping: object, key: str) -> str:
    """Return how to call a table: its header, and its name if it has one."""
    name = mapping.get(key) if isinstance(mapping, Mapping) else None
    return header if name is None else f"{header} {name!r}"


def _presets(presets: object) -> list[tuple[Cookie, ...]]:
    with _Place("presets"):
        if not isinstance(presets, (list, tuple)):
            raise PolicyError(f"an array of names is needed, not {presets!r}")
        return [_preset(each) for each in presets]


def _preset(entry: object) -> tuple[Cookie, ...]:
    """Return the cookies of ``"flask"``, or of ``{preset = "flask", session = "sid"}``."""
    if isinstance(entry, str):
        return preset(entry)
    if isinstance(entry, Mapping) and isinstance(entry.get("preset"), str):
        names = {key: name for key, name in entry.items() if key != "preset"}
        return preset(entry["preset"], **names)
    raise PolicyError(f'a name, or a table such as {{preset = "flask", session = "sid"}}, not {entry!r}')


def _with_presets(categories: list[Category], cookies: list[Cookie]) -> list[Category]:
    """Return *categories* with *cookies* in the first necessary one, or in one of their own."""
    if not cookies:
        return categories
    for at, category in enumerate(categories):
        if category.basis is Basis.NECESSARY:
            extended = category.with_cookies([*category.cookies, *cookies])
            return [*categories[:at], extended, *categories[at + 1 :]]
    own = Category("necessary", title=Message("Necessary"), basis=Basis.NECESSARY, cookies=cookies)
    return [own, *categories]
