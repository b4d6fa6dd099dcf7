"""Find the cookies, deletions and cache directives that a response lacks, and describe them."""

from collections.abc import Collection, Iterator
from typing import Any

from consentgate.catalogue.catalogue import Catalogue

from . import law
from .driving import Fields, set_cookies
from .fields import directives, is_plain_deletion, may_be_shared, name_of, names_kept, value_of


def find_loss(
    policy: Catalogue,
    bare: Fields,
    again: Fields,
    headers: Fields,
    allowed: Collection[str],
    carried: Collection[tuple[str, str]],
) -> str | None:
    """Return a sentence about a cookie of the bare application that is missing, altered or moved; else None.

    Args:
        policy: the policy.
        bare: the bare application's fields.
        again: the bare application's fields for a second request; a cookie that is not set again is not due.
        headers: the fields behind the gate.
        allowed: keys of the categories that are allowed.
        carried: name and value of the request's cookies.
    """
    in_both = set(map(name_of, set_cookies(again)))
    due = [
        text
        for text in set_cookies(bare)
        if name_of(text) in in_both and _is_due(policy, text, bare, allowed, carried)
    ]
    sent = set_cookies(headers)
    for text in due:
        if text in set_cookies(again):
            found = text in sent or _is_shortened(policy, text, sent)
        else:  # its value differs between requests
            found = name_of(text) in map(name_of, sent)
        if not found:
            return f"the allowed cookie {text!r} is missing or altered in {headers}"
    passed = [text for text in sent if text in due]
    in_order = [text for text in due if text in passed]
    if passed != in_order:
        return f"allowed cookies are out of order: {passed}, not {in_order}"
    for text in _list_deletions(policy, bare, again):
        # The gate appends Max-Age=0 to a deletion that depends on a clock.
        if not {text, f"{text}; Max-Age=0"} & {*sent}:
            return f"the deletion {text!r} is missing or altered in {headers}"
    return None


def _list_deletions(policy: Catalogue, bare: Fields, again: Fields) -> Iterator[str]:
    """Yield the deletions that must pass for every visitor: those that every browser reads as one."""
    for text in set_cookies(bare):
        is_steady = text in set_cookies(again) and name_of(text) != policy.cookie_name
        if is_steady and is_plain_deletion(text, bare):
            yield text


def _is_due(
    policy: Catalogue,
    set_cookie_string: str,
    bare: Fields,
    allowed: Collection[str],
    carried: Collection[tuple[str, str]],
) -> bool:
    """Return whether a Set-Cookie must pass: every browser would store an allowed cookie for it.

    An exempt cookie with the value that the request carried need not pass: the gate does not renew it.
    """
    kept = names_kept([("Set-Cookie", set_cookie_string)], bare)
    # Browsers differ on a tab inside.
    if len(kept) != 1 or kept[0] in ("", policy.cookie_name) or "\t" in set_cookie_string.strip("\t"):
        return False
    key = law.key_of(policy, kept[0])
    is_renewal = law.is_exempt(policy, key) and (kept[0], value_of(set_cookie_string)) in carried
    return key in allowed and not is_renewal


def _is_shortened(policy: Catalogue, text: str, sent: Collection[str]) -> bool:
    """Return whether *text* was sent with a shorter lifetime, which is allowed for refusable cookies."""
    pair = text.partition(";")[0]
    return law.can_be_refused(policy, law.key_of(policy, name_of(text))) and any(
        each.partition(";")[0] == pair for each in sent
    )


def find_shared_cookie(policy: Catalogue, headers: Fields) -> str | None:
    """Return a sentence about a personal cookie that shared caches may keep with these fields; else None."""
    for name in names_kept(headers):
        is_personal = name == policy.cookie_name or law.can_be_refused(policy, law.key_of(policy, name))
        if is_personal and may_be_shared(headers):
            return f"shared caches may keep a response that sets the cookie {name!r}"
    return None


def find_hidden_condition(policy: Catalogue, options: Any, headers: Fields) -> str | None:
    """Return a sentence if the response depends on `applies` and caches cannot know it; else None."""
    if getattr(options, "applies", None) is None:
        return None
    for name in names_kept(headers):
        key = law.key_of(policy, name)
        if name == policy.cookie_name or not (key is None or law.can_be_refused(policy, key)):
            continue
        if options.applies_vary is None and may_be_shared(headers):
            return f"`applies` decides if the cookie {name!r} passes, and shared caches may keep the response"
        unsaid = {each.lower() for each in options.applies_vary or ()} - directives(headers, "vary")
        if unsaid and "*" not in directives(headers, "vary"):
            return f"`applies` looks at {sorted(unsaid)}, and Vary does not say so"
    return None
