"""``consentgate check --against``: list the visitors that a changed policy asks again, and why."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from consentgate.catalogue.category import Basis, Category
from consentgate.policy import Policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--against`` to the *parser* of ``check``."""
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="an earlier policy: say whom the changes ask again"
    )


def print_asked_again(new: Policy, old: Policy) -> None:
    """Print which visitors of *old* are asked again by *new*."""
    lines = list(list_asked_again(new, old)) or ["nobody is asked again: every answer stands"]
    print("\n".join(lines))


def list_asked_again(new: Policy, old: Policy) -> Iterator[str]:
    """Yield a line for each category about which visitors who answered under *old* are asked by *new*."""
    if new.cookie_name != old.cookie_name:
        yield (
            f"cookie_name was {old.cookie_name!r} and is {new.cookie_name!r}: every visitor is asked again, "
            "about every category"
        )
        return
    for key, digest in new.digests.items():
        category = new.category(key)
        before = next((each for each in old.categories if each.key == key), None)
        if before is None or not before.can_be_chosen:
            yield f"category {key!r}: {_say_first_asked(category, before)}"
        elif digest != before.digest():
            changes = "; ".join(_list_changes(category, before))
            yield f"category {key!r}: {_say_asked_again(category)}: {changes}"
    for key in old.digests:
        if key not in new.digests:
            yield f"category {key!r}: nobody is asked any more, answers are forgotten"


def _say_first_asked(category: Category, before: Category | None) -> str:
    if category.basis is Basis.EXEMPT:
        return "nobody is asked, it is on until a visitor refuses it"
    if before is None:
        return "every visitor is asked: it is new"
    was = "it was necessary" if before.basis is Basis.NECESSARY else "it was empty"
    return f"every visitor is asked: {was}"


def _say_asked_again(category: Category) -> str:
    if category.basis is Basis.EXEMPT:
        return "nobody is asked again; a visitor who refused it still does"
    return "visitors who accepted it are asked again, visitors who refused it are not"


def _list_changes(new: Category, old: Category) -> Iterator[str]:
    """Yield each difference that an answer depends on."""
    if new.basis is not old.basis:
        yield f"basis was {old.basis.value} and is {new.basis.value}"
    names = [{cookie.name for cookie in category.cookies} for category in (new, old)]
    yield from _list_difference("cookies", *names)
    providers = [{cookie.provider or "none" for cookie in category.cookies} for category in (new, old)]
    yield from _list_difference("providers", *providers)
    yield from _list_difference("hosts", new.hosts, old.hosts)
    yield from _list_difference("signals granted", new.consent_mode, old.consent_mode)
    if new.sale_or_share != old.sale_or_share:
        yield f"data is {'now' if new.sale_or_share else 'no longer'} sold or shared"
    if new.revision != old.revision:
        yield f"revision was {old.revision} and is {new.revision}"


def _list_difference(subject: str, new: Iterable[str], old: Iterable[str]) -> Iterator[str]:
    for verb, names in (("added", set(new) - set(old)), ("removed", set(old) - set(new))):
        if names:
            yield f"{subject} {verb}: {', '.join(sorted(names))}"
