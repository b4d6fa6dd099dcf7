"""Read a policy from a mapping, as TOML files hold it, and collect its mistakes key by key."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from consentgate.errors import PolicyError
from consentgate.i18n.messages import SOURCE
from consentgate.i18n.texts import check_language, translated
from consentgate.presets import preset

from .catalogue import PUBLISHED, add_necessary
from .category import Attestation, Basis, Category, Cookie
from .hints import suggest_name
from .mistakes import Mistakes

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

_UNNAMED = "unnamed"

Arguments = dict[str, Any]


def examine(mapping: object, source: str, build: Callable[..., _T]) -> tuple[_T, list[str]]:
    """Return the policy that *mapping* describes, and its mistakes, each in one line.

    A policy with mistakes is returned without the mistaken parts, so that hints can be given; do not use it.

    Args:
        mapping: the keys of a policy file: those of `Policy`, ``presets`` and ``category``.
        source: its name in messages: the file's.
        build: returns a policy of these categories and keyword arguments of `Policy`.
    """
    mistakes = Mistakes(source)
    table = _read_table(mapping, (*PUBLISHED, "presets", "category"), mistakes)
    own = _read_language(table.get("language", SOURCE))
    table = _merge_translations(table, ("site", "title"), own, mistakes)
    described = _read_tables(table.pop("category", ()), "category", mistakes)
    categories = [_read_category(each, own, mistakes) for each in described]
    cookies = _read_presets(table.pop("presets", ()), mistakes)
    declared = [each for each in categories if each is not None]
    if cookies:
        declared = add_necessary(declared, cookies, "presets")
    return _build_policy(build, declared, table, mistakes), mistakes.lines


def _build_policy(
    build: Callable[..., _T], categories: list[Category], arguments: Arguments, mistakes: Mistakes
) -> _T:
    """Return the policy of *categories* and *arguments*; note mistaken parts and leave them out."""
    try:
        return build(categories, **arguments)
    except PolicyError:
        pass  # this is only the first mistake; all are found below
    named = mistakes.keep_usable(lambda some: build([], **dict(some)), arguments.items())
    empty = [category.with_cookies(()) for category in categories]
    bare = mistakes.keep_usable(lambda some: build(some, **dict(named)), empty)

    def with_cookies(pairs: list[tuple[Category, Cookie]]) -> _T:
        filled = [cat.with_cookies([cookie for owner, cookie in pairs if owner is cat]) for cat in bare]
        return build(filled, **dict(named))

    owners = zip(empty, categories, strict=True)
    pairs = [(owner, cookie) for owner, category in owners for cookie in category.cookies]
    return with_cookies(mistakes.keep_usable(with_cookies, pairs))


def _read_language(language: object) -> str | None:
    """Return the policy's own language; None if it is malformed, which `_build_policy` notes."""
    try:
        return check_language("language", language)
    except PolicyError:
        return None


def _read_table(mapping: object, known: Iterable[str], mistakes: Mistakes) -> Arguments:
    """Return *mapping* without its unknown keys, which are noted."""
    if not isinstance(mapping, Mapping):
        mistakes.note(f"a table of keys and values is needed, not {mapping!r}")
        return {}
    known = list(known)
    for key in mapping:
        if key not in known:
            mistakes.note(f"unknown key {key!r}; known are {', '.join(known)}")
    return {key: value for key, value in mapping.items() if key in known}


def _read_tables(tables: object, name: str, mistakes: Mistakes) -> list[Any]:
    if isinstance(tables, (list, tuple)):
        return list(tables)
    mistakes.note(f"{name} must be an array of tables, [[{name}]], not {tables!r}")
    return []


def _merge_translations(
    table: Arguments, texts: Iterable[str], own: str | None, mistakes: Mistakes
) -> Arguments:
    """Return *table*; each of *texts* that is a table of languages becomes one `translated` text."""
    merged = dict(table)
    for name in texts:
        if isinstance(table.get(name), Mapping):
            try:
                merged[name] = translated(table[name], own)
            except PolicyError as error:
                mistakes.note(f"{name}: {error}")
                del merged[name]
    return merged


def _read_category(mapping: object, own: str | None, mistakes: Mistakes) -> Category | None:
    """Return the category of a table without its mistaken parts; None if it has no valid key."""
    with mistakes.inside(_describe_table("[[category]]", mapping, "key")):
        table = _read_table(mapping, (*_CATEGORY, "cookies", "cookie", "attestation"), mistakes)
        table = _merge_translations(table, ("title", "description"), own, mistakes)
        described = _read_tables(table.pop("cookie", []), "category.cookie", mistakes)
        cookies = [_read_cookie(each, own, mistakes) for each in described]
        cookies += _read_names(table.pop("cookies", []), mistakes)
        table["cookies"] = [each for each in cookies if each is not None]
        if "attestation" in table:
            table["attestation"] = _read_attestation(table["attestation"], mistakes)
        stand_ins = {"key": _UNNAMED, "basis": Basis.CONSENT}
        return _build(Category, table, stand_ins, mistakes, ("basis", "attestation"))


def _read_names(names: object, mistakes: Mistakes) -> list[Cookie | None]:
    if not isinstance(names, (list, tuple)):
        mistakes.note(f"cookies must be an array of names, not {names!r}")
        return []
    found: list[Cookie | None] = []
    for name in names:
        if isinstance(name, Cookie):
            found.append(name)
        elif isinstance(name, str):
            found.append(_build_cookie({"name": name}, mistakes))
        else:
            mistakes.note(f"cookies must be an array of names, not {name!r}")
    return found


def _read_cookie(mapping: object, own: str | None, mistakes: Mistakes) -> Cookie | None:
    with mistakes.inside(_describe_table("[[category.cookie]]", mapping, "name")):
        table = _read_table(mapping, _COOKIE, mistakes)
        table = _merge_translations(table, ("function", "location", "purpose"), own, mistakes)
        return _build_cookie(table, mistakes)


def _build_cookie(table: Arguments, mistakes: Mistakes) -> Cookie | None:
    def cookie(name: Any, **others: Any) -> Cookie:
        try:
            return Cookie(name, **others)
        except PolicyError as error:
            # An error about another argument begins with the cookie's name.
            mend = None if str(error).startswith("cookie ") else suggest_name(name)
            raise PolicyError(f"{error}; {mend}" if mend else str(error)) from None

    return _build(cookie, table, {"name": _UNNAMED}, mistakes)


def _read_attestation(mapping: object, mistakes: Mistakes) -> Attestation:
    with mistakes.inside("[category.attestation]"):
        return Attestation(**_read_table(mapping, _ATTESTATION, mistakes))


def _build(
    build: Callable[..., _T],
    table: Arguments,
    stand_ins: Arguments,
    mistakes: Mistakes,
    together: tuple[str, ...] = (),
) -> _T | None:
    """Return the result of *build* for *table* without its mistaken keys; None if its name is mistaken.

    Args:
        build: raises PolicyError at its first mistake.
        table: its keyword arguments.
        stand_ins: valid values for missing or mistaken keys; the first is the name's.
        mistakes: collects what is wrong.
        together: keys that can only be checked together.
    """
    required = next(iter(stand_ins))
    if required not in table:
        mistakes.note(f"no {required!r}")

    def attempt(some: list[tuple[str, ...]]) -> _T:
        given = {key: table.get(key) for keys in some for key in keys}
        arguments = {**stand_ins, **given}
        try:
            return build(**arguments)
        except PolicyError as error:  # `mistakes` adds the name
            owner = f"{build.__name__.strip('_').lower()} {arguments[required]!r}: "
            raise PolicyError(str(error).removeprefix(owner)) from None

    named = [(required,)] if required in table else []
    others = [(key,) for key in table if key not in (required, *together)]
    usable = mistakes.keep_usable(attempt, [*named, together, *others])
    return attempt(usable) if (required,) in usable else None


def _describe_table(header: str, mapping: object, key: str) -> str:
    """Return the header of a table, with its name if it has one."""
    name = mapping.get(key) if isinstance(mapping, Mapping) else None
    return header if name is None else f"{header} {name!r}"


def _read_presets(presets: object, mistakes: Mistakes) -> list[Cookie]:
    with mistakes.inside("presets"):
        if not isinstance(presets, (list, tuple)):
            mistakes.note(f"an array of names is needed, not {presets!r}")
            return []
        usable = mistakes.keep_usable(lambda some: [*map(_read_preset, some)], presets)
        return [cookie for each in usable for cookie in _read_preset(each)]


def _read_preset(entry: object) -> tuple[Cookie, ...]:
    """Return the cookies of ``"flask"``, or of ``{preset = "flask", session = "sid"}``."""
    if isinstance(entry, str):
        return preset(entry)
    if isinstance(entry, Mapping) and isinstance(entry.get("preset"), str):
        names = {key: name for key, name in entry.items() if key != "preset"}
        return preset(entry["preset"], **names)
    raise PolicyError(f'a name, or a table such as {{preset = "flask", session = "sid"}}, not {entry!r}')
