"""Hypothesis strategies for everything that passes a gate, in the terms of the specifications."""

import string
import time

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Attestation, Basis, Category
from consentgate.consent.preferences import Answer, Preferences
from consentgate.consent.signing import PreferencesSerializer
from consentgate.policy import Policy

from .applications import MANNERS, Application
from .token import KINDS, MADE, Token

_TOKEN = string.ascii_letters + string.digits + "!#$%&'+-.^_`|~"
_VALUE = string.ascii_letters + string.digits + '!#$&()+-./:<>?@[]^_`{|}~"'
_ATTESTED = Attestation(
    sole_purpose=True, anonymous_output=True, no_cross_site=True, no_combination=True, no_third_party=True
)
_DELETION = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"

_COOKIE_AVS = (
    "Path=/", "Domain=example.org", "Secure", "HttpOnly", "SameSite=Lax", "Partitioned",
    "Max-Age=3600", "Max-Age=99999999", "Expires=Fri, 31 Dec 2038 23:59:59 GMT",
    "Max-Age=0", "Max-Age=-1", _DELETION,
)  # fmt: skip
_SLOPPY_AVS = (
    "max-age=0", "MAX-AGE=x", "Max-Age", 'Max-Age="0"', "Max-Age=+0", "Max-Age=0.0", "Expires=0",
    "Expires=soon", "expires=Thu, 01-Jan-70 00:00:00 GMT", "Expires=Thu, 01 Jan 1970 00:00:00 GMT -0900",
    "path", "Domain=", "secure=no", "=", "",
)  # fmt: skip

# Hard for parsers: separators, characters that only look blank, quotes, line breaks, a cookie in a cookie.
_HOSTILE_BITS = (
    ";", "=", ",", '"', "\\", " ", "\t", "\xa0", "\x85", "\x0b", "\0", "\r", "\n", "\r\nSet-Cookie: x=1",
    "Max-Age=0", "sid", "é", "%3d",
)  # fmt: skip


def native_texts() -> SearchStrategy[str]:
    """PEP 3333's native strings: one character, U+0000 to U+00FF, for one byte on the wire."""
    return st.text(st.characters(max_codepoint=255))


def cookie_names() -> SearchStrategy[str]:
    """Valid cookie-names: tokens (RFC 6265bis 4.1.1)."""
    return st.text(_TOKEN, min_size=1, max_size=12)


def _or_any(names: SearchStrategy[str] | None) -> SearchStrategy[str]:
    return cookie_names() if names is None else names


def cookie_values() -> SearchStrategy[str]:
    """Cookie-values as sites write them, quotes among them."""
    return st.text(_VALUE, max_size=20)


def _blanks() -> SearchStrategy[str]:
    return st.text(" \t", max_size=3)


@st.composite
def set_cookie_strings(draw: DrawFn, names: SearchStrategy[str] | None = None) -> str:
    """Values of Set-Cookie fields: half of them well-formed, the others sloppy or hostile.

    Args:
        draw: Hypothesis's own; not yours to give.
        names: where names are drawn from; `cookie_names`, unless given.
    """
    name, value = draw(_or_any(names)), draw(cookie_values())
    kind = draw(st.sampled_from(["well-formed"] * 4 + ["sloppy"] * 3 + ["hostile"]))
    if kind == "well-formed":
        avs = draw(st.lists(st.sampled_from(_COOKIE_AVS), max_size=4))
        return "; ".join([f"{name}={value}", *avs])
    if kind == "sloppy":
        avs = draw(st.lists(st.sampled_from(_COOKIE_AVS + _SLOPPY_AVS), max_size=5))
        spaced = "".join(f";{draw(_blanks())}{av}{draw(_blanks())}" for av in avs)
        return f"{draw(_blanks())}{name}{draw(_blanks())}={draw(_blanks())}{value}{spaced}"
    bits = st.sampled_from([*_HOSTILE_BITS, name, value]) | native_texts()
    return "".join(draw(st.lists(bits, max_size=8)))


def cookie_strings(names: SearchStrategy[str] | None = None) -> SearchStrategy[str]:
    """Values of Cookie fields: pairs with stray blanks, duplicates, and bytes of any kind."""
    pairs = st.builds("{}{}={}".format, _blanks(), _or_any(names), cookie_values())
    return st.lists(pairs | native_texts(), max_size=6).map(";".join)


_OTHER_FIELDS = (
    ("Content-Type", "text/html"),
    ("Cache-Control", "public, max-age=60"),
    ("Cache-Control", "no-store"),
    ("Cache-Control", 'private="Set-Cookie"'),
    ("Vary", "Accept-Encoding"),
    ("Vary", "*"),
    ("CDN-Cache-Control", "max-age=600"),
    ("Date", "Sat, 22 Nov 2025 00:00:00 GMT"),
    ("Date", "soon"),
    ("Location", "/x"),
    ("X-Set-Cookie", "sid=1"),
)


def response_headers(
    names: SearchStrategy[str] | None = None, *, strict: bool = False
) -> SearchStrategy[list[tuple[str, str]]]:
    """Lists of response fields, as an application gives them to start_response.

    Args:
        names: where cookies' names are drawn from; `cookie_names`, unless given.
        strict: only what servers and `wsgiref.validate` let through: no control characters, and no
            field names but tokens.
    """
    field_names = ["Set-Cookie", "set-cookie"]
    values = set_cookie_strings(names)
    if strict:
        values = values.filter(lambda text: all(" " <= character != "\x7f" for character in text))
    else:
        field_names += ["SET-COOKIE", "Set-Cookie ", "Set-Cookie\t", "Set-Cookie:"]
    fields = st.tuples(st.sampled_from(field_names), values)
    return st.lists(fields | st.sampled_from(_OTHER_FIELDS), max_size=8)


def _patterns() -> SearchStrategy[str]:
    """Patterns of up to seven characters, which never match the preferences cookie."""
    ends = st.text("ab_", max_size=3)
    return st.builds("{}*{}".format, ends, ends).filter(lambda pattern: pattern != "*")


@st.composite
def policies(draw: DrawFn) -> Policy:
    """Policies of up to four categories on any basis, with exact names and patterns."""
    keys = draw(
        st.lists(
            st.text(string.ascii_lowercase + "_-", min_size=1, max_size=8),
            unique=True,
            min_size=1,
            max_size=4,
        )
    )
    names = draw(st.lists(cookie_names(), unique=True, max_size=8))
    # Each has another length: two equally long patterns that match one name would be a PolicyError.
    names += draw(st.lists(_patterns(), unique_by=len, max_size=3))
    categories = []
    for number, key in enumerate(keys):
        basis = draw(st.sampled_from([Basis.CONSENT, Basis.NECESSARY, Basis.EXEMPT]))
        categories.append(
            Category(
                key,
                basis=basis,
                attestation=_ATTESTED if basis is Basis.EXEMPT else None,
                cookies=names[number :: len(keys)],
                revision=draw(st.integers(1, 3)),
            )
        )
    return Policy(categories)


def answers(policy: Catalogue) -> SearchStrategy[dict[str, bool]]:
    """Answers to some of the categories that can be chosen: category key to yes or no."""
    if not policy.digests:
        return st.just({})
    return st.dictionaries(st.sampled_from(sorted(policy.digests)), st.booleans())


@st.composite
def preferences(draw: DrawFn, policy: Catalogue, *, now: float | None = None) -> Preferences:
    """Valid preferences under *policy*, answered at some time within `cookie_lifetime`.

    Args:
        draw: Hypothesis's own; not yours to give.
        policy: whose categories are answered.
        now: Unix seconds; the moment of drawing, unless given.
    """
    given = draw(answers(policy))
    return Preferences(
        tuple(Answer(key, yes, draw(_fresh(policy, now)), policy.digests[key]) for key, yes in given.items())
    )


def _fresh(policy: Catalogue, now: float | None) -> SearchStrategy[int]:
    """Unix seconds of an answer that is valid for at least another hour."""
    moment = int(time.time() if now is None else now)
    oldest = int(policy.cookie_lifetime.total_seconds()) - 3600
    return st.integers(0, max(0, oldest)).map(lambda age: moment - age)


@st.composite
def tokens(draw: DrawFn, serializer: PreferencesSerializer, *, now: float | None = None) -> Token:
    """Values of the preferences cookie: genuine, tampered, aged, foreign, and junk.

    Each is a str with its `kind`, and with the `answers` that a gate with this serializer must read from it
    (None if it must not verify).

    Args:
        draw: Hypothesis's own; not yours to give.
        serializer: signs; `gate.serializer` is a gate's.
        now: Unix seconds; the moment of drawing, unless given.
    """
    policy = serializer.policy
    moment = int(time.time() if now is None else now)
    # Half of them are genuine.
    kind = draw(st.sampled_from(MADE[:1] * len(MADE) + KINDS))
    if kind == "junk":
        return Token(draw(st.text(_VALUE + ".", max_size=60)), kind, None)
    given = draw(answers(policy))
    if kind != "tampered":
        return Token.made(serializer, kind, given, moment, lambda: draw(_fresh(policy, moment)))
    text = str(Token.made(serializer, "genuine", given, moment))
    return Token(draw(_tampered(text)), kind, None)


@st.composite
def _tampered(draw: DrawFn, text: str) -> str:
    """*text* with a no turned into a yes, with a character changed, removed or added, or repeated."""
    at = draw(st.integers(0, len(text) - 1))
    other = draw(st.sampled_from(string.ascii_letters + string.digits + "-_."))
    changed = [
        text.replace(".n.", ".y."),
        text[:at] + other + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text + other,
        f"{text},{text}",
    ]
    return draw(st.sampled_from(changed).filter(lambda each: each != text))


@st.composite
def wsgi_applications(
    draw: DrawFn,
    headers: SearchStrategy[list[tuple[str, str]]] | None = None,
    policy: Catalogue | None = None,
) -> Application:
    """Applications that answer in every manner PEP 3333 allows; see `Application`.

    Args:
        draw: Hypothesis's own; not yours to give.
        headers: where response fields are drawn from; `response_headers(strict=True)`, unless given.
        policy: some applications make a choice about its categories; none does if it is None.
    """
    fields = draw(response_headers(strict=True) if headers is None else headers)
    return Application(
        manner=draw(st.sampled_from(MANNERS)),
        response_headers=(
            ("Content-Type", "text/plain"),
            *(each for each in fields if each[0] != "Content-Type"),
        ),
        chunks=tuple(draw(st.lists(st.binary(max_size=8), max_size=3))),
        status=draw(st.sampled_from(["200 OK", "302 Found", "404 Not Found", "500 Internal Server Error"])),
        choice={} if policy is None else draw(st.just({}) | answers(policy)),
    )
