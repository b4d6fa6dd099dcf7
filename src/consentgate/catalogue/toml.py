"""A policy written as data: a mapping, as a TOML file gives it, checked key by key."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from consentgate.errors import PolicyError
from consentgate.i18n.messages import SOURCE
from consentgate.i18n.texts import Message, checked_language, translated
from consentgate.presets import preset

from .catalogue import PUBLISHED
from .category import Attestation, Basis, Category, Cookie
from .hints import mend_of
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

    A policy with mistakes is returned without the parts that are mistaken: to look at, not to be used.

    Args:
        mapping: the keys of a policy file: those of `Policy`, ``presets`` and ``category``.
        source: what to call it in mistakes, a file's name.
        build: makes a policy of its categories and the keyword arguments of `Policy`.
    """
    mistakes = Mistakes(source)
    table = _table(mapping, (*PUBLISHED, "presets", "category"), mistakes)
    own = _language(table.get("language", SOURCE))
    table = _spoken(table, ("site", "title"), own, mistakes)
    described = _tables(table.pop("category", ()), "category", mistakes)
    categories = [_category(each, own, mistakes) for each in described]
    cookies = _presets(table.pop("presets", ()), mistakes)
    declared = _with_presets([each for each in categories if each is not None], cookies)
    return _policy(build, declared, table, mistakes), mistakes.lines


def _policy(
    build: Callable[..., _T], categories: list[Category], arguments: Arguments, mistakes: Mistakes
) -> _T:
    """Return the policy of these; note what is mistaken, and leave it out."""
    try:
        return build(categories, **arguments)
    except PolicyError:
        pass  # its first mistake; all are found below
    named = mistakes.usable(lambda some: build([], **dict(some)), arguments.items())
    empty = [category.with_cookies(()) for category in categories]
    bare = mistakes.usable(lambda some: build(some, **dict(named)), empty)

    def with_cookies(pairs: list[tuple[Category, Cookie]]) -> _T:
        filled = [cat.with_cookies([cookie for owner, cookie in pairs if owner is cat]) for cat in bare]
        return build(filled, **dict(named))

    owners = zip(empty, categories, strict=True)
    pairs = [(owner, cookie) for owner, category in owners for cookie in category.cookies]
    return with_cookies(mistakes.usable(with_cookies, pairs))


def _language(language: object) -> str | None:
    """Return the policy's own language; None if it is none, which is noted where the policy is made."""
    try:
        return checked_language("language", language)
    except PolicyError:
        return None


def _table(mapping: object, known: Iterable[str], mistakes: Mistakes) -> Arguments:
    """Return *mapping* with its known keys."""
    if not isinstance(mapping, Mapping):
        mistakes.note(f"a table of keys and values is needed, not {mapping!r}")
        return {}
    known = list(known)
    for key in mapping:
        if key not in known:
            mistakes.note(f"unknown key {key!r}; known are {', '.join(known)}")
    return {key: value for key, value in mapping.items() if key in known}


def _tables(tables: object, name: str, mistakes: Mistakes) -> list[Any]:
    if isinstance(tables, (list, tuple)):
        return list(tables)
    mistakes.note(f"{name} must be an array of tables, [[{name}]], not {tables!r}")
    return []


def _spoken(table: Arguments, texts: Iterable[str], own: str | None, mistakes: Mistakes) -> Arguments:
    """Return *table* with each of *texts* that is given by language as one text that knows them all."""
    spoken = dict(table)
    for name in texts:
        if isinstance(table.get(name), Mapping):
            try:
                spoken[name] = translated(table[name], own)
            except PolicyError as error:
                mistakes.note(f"{name}: {error}")
                del spoken[name]
    return spoken


def _category(mapping: object, own: str | None, mistakes: Mistakes) -> Category | None:
    """Return the category of a table, without what is mistaken in it; None if it has no key."""
    with mistakes.inside(_named("[[category]]", mapping, "key")):
        table = _table(mapping, (*_CATEGORY, "cookies", "cookie", "attestation"), mistakes)
        table = _spoken(table, ("title", "description"), own, mistakes)
        described = _tables(table.pop("cookie", []), "category.cookie", mistakes)
        cookies = [_cookie(each, own, mistakes) for each in described]
        cookies += _bare_cookies(table.pop("cookies", []), mistakes)
        table["cookies"] = [each for each in cookies if each is not None]
        if "attestation" in table:
            table["attestation"] = _attestation(table["attestation"], mistakes)
        stand_ins = {"key": _UNNAMED, "basis": Basis.CONSENT}
        return _built(Category, table, stand_ins, mistakes, ("basis", "attestation"))


def _bare_cookies(names: object, mistakes: Mistakes) -> list[Cookie | None]:
    if not isinstance(names, (list, tuple)):
        mistakes.note(f"cookies must be an array of names, not {names!r}")
        return []
    found: list[Cookie | None] = []
    for name in names:
        if isinstance(name, Cookie):
            found.append(name)
        elif isinstance(name, str):
            found.append(_named_cookie({"name": name}, mistakes))
        else:
            mistakes.note(f"cookies must be an array of names, and {name!r} is none")
    return found


def _cookie(mapping: object, own: str | None, mistakes: Mistakes) -> Cookie | None:
    with mistakes.inside(_named("[[category.cookie]]", mapping, "name")):
        table = _table(mapping, _COOKIE, mistakes)
        table = _spoken(table, ("function", "location", "purpose"), own, mistakes)
        return _named_cookie(table, mistakes)


def _named_cookie(table: Arguments, mistakes: Mistakes) -> Cookie | None:
    def cookie(name: Any, **others: Any) -> Cookie:
        try:
            return Cookie(name, **others)
        except PolicyError as error:
            # An error about another argument begins with whose it is.
            mend = None if str(error).startswith("cookie ") else mend_of(name)
            raise PolicyError(f"{error}; {mend}" if mend else str(error)) from None

    return _built(cookie, table, {"name": _UNNAMED}, mistakes)


def _attestation(mapping: object, mistakes: Mistakes) -> Attestation:
    with mistakes.inside("[category.attestation]"):
        return Attestation(**_table(mapping, _ATTESTATION, mistakes))


def _built(
    build: Callable[..., _T],
    table: Arguments,
    stand_ins: Arguments,
    mistakes: Mistakes,
    together: tuple[str, ...] = (),
) -> _T | None:
    """Return what *build* makes of *table*, less what is mistaken in it; None if it has no good name.

    Args:
        build: raises PolicyError at its first mistake.
        table: its keyword arguments.
        stand_ins: good ones, the name's first, for those that are missing or mistaken.
        mistakes: gets what is wrong.
        together: keys that can only be judged together.
    """
    required = next(iter(stand_ins))
    if required not in table:
        mistakes.note(f"no {required!r}")

    def made(some: list[tuple[str, ...]]) -> _T:
        given = {key: table.get(key) for keys in some for key in keys}
        arguments = {**stand_ins, **given}
        try:
            return build(**arguments)
        except PolicyError as error:  # the place being read has the name already
            owner = f"{build.__name__.strip('_').lower()} {arguments[required]!r}: "
            raise PolicyError(str(error).removeprefix(owner)) from None

    named = [(required,)] if required in table else []
    others = [(key,) for key in table if key not in (required, *together)]
    usable = mistakes.usable(made, [*named, together, *others])
    return made(usable) if (required,) in usable else None


def _named(header: str, mapping: object, key: str) -> str:
    """Return how to call a table: its header, and its name if it has one."""
    name = mapping.get(key) if isinstance(mapping, Mapping) else None
    return header if name is None else f"{header} {name!r}"


def _presets(presets: object, mistakes: Mistakes) -> list[Cookie]:
    with mistakes.inside("presets"):
        if not isinstance(presets, (list, tuple)):
            mistakes.note(f"an array of names is needed, not {presets!r}")
            return []
        usable = mistakes.usable(lambda some: [*map(_preset, some)], presets)
        return [cookie for each in usable for cookie in _preset(each)]


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
    taken = {category.key for category in categories}
    key = next(key for key in ("necessary", "presets", "own") if key not in taken)
    own = Category(key, title=Message("Necessary"), basis=Basis.NECESSARY, cookies=cookies)
    return [own, *categories]
