"""Content Security Policy: host sources, whether one covers another, and the gate's own field (CSP 3)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from consentgate.errors import PolicyError

LONGEST_NAME = 253
"""Characters of the longest host name (RFC 1035 2.3.4)."""

_EXAMPLES = "'maps.example', '*.tiles.example', 'wss://live.example' or 'maps.example:8443'"

# host-source, CSP 3 section 2.3.1, without path, `*` alone, `*` as port, and schemes but WebSocket's: a
# host without a scheme admits http and https. Labels as RFC 1123 2.1 has them.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SOURCE = re.compile(rf"(?:(wss?)://)?(\*\.)?({_LABEL}(?:\.{_LABEL})*)(?::([0-9]{{1,5}}))?")

# Finds the host in a URL with scheme, userinfo, path or query, to suggest it in an error.
_URL = re.compile(r"(?:(?P<scheme>[a-z]+):)?(?://)?(?:[^/@]*@)?(?P<host>[^/?#@]*).*", re.DOTALL)

_KEYWORDS = ("self", "none", "unsafe-inline", "unsafe-eval", "unsafe-hashes", "wasm-unsafe-eval")
_SCHEMES = ("data", "blob", "filesystem", "mediastream", "http", "https", "ws", "wss")
_UNQUOTED = frozenset((*_KEYWORDS, "strict-dynamic", "report-sample", *_SCHEMES))
"""Keywords and schemes without their quotes or colon, which look like hosts."""

_DEFAULT_PORTS = (None, 80, 443)


class HostSource(NamedTuple):
    """The parts of a host source.

    Attributes:
        scheme: ``"ws"``, ``"wss"``, or ``""`` for http and https.
        has_wildcard: whether it stands for every host below *name*, and not for *name* itself.
        name: the host, in lower case, in punycode.
        port: the port, None for the scheme's own.
    """

    scheme: str
    has_wildcard: bool
    name: str
    port: int | None


def parse_source(text: str) -> HostSource | None:
    """Return *text* as a host source, None if it is malformed.

    >>> parse_source("wss://*.live.example:8443")
    HostSource(scheme='wss', has_wildcard=True, name='live.example', port=8443)
    >>> parse_source("https://maps.example"), parse_source("maps.example/tiles"), parse_source("*")
    (None, None, None)
    """
    match = _SOURCE.fullmatch(text)
    if match is None or len(match[3]) > LONGEST_NAME:
        return None
    port = None if match[4] is None else int(match[4])
    if port is not None and not 1 <= port <= 65535:
        return None
    return HostSource(match[1] or "", match[2] is not None, match[3], port)


def check_source(owner: str, text: object) -> str:
    """Return a declared host as the field writes it: in lower case, in punycode.

    Raises:
        PolicyError: *text* is not a host; the message names owner and host and, if it can, what to write.
    """
    if not isinstance(text, str):
        raise PolicyError(f"{owner}: a host is a text such as {_EXAMPLES}, not {text!r}")
    source = parse_source(written := _to_punycode(owner, text.lower()))
    if source is None:
        mended = _suggest_host(written)
        instead = f"write {mended!r}" if mended else f"hosts are written like {_EXAMPLES}"
        raise PolicyError(f"{owner}: {text!r} is not a host: {instead}")
    if source.name in _UNQUOTED:
        raise PolicyError(
            f"{owner}: {text!r} is not a host, but a word of Content Security Policy: "
            "the site's own sources belong into the option csp_base"
        )
    if source.has_wildcard and "." not in source.name and source.name != "localhost":
        raise PolicyError(f"{owner}: {text!r} would cover every host under {source.name!r}: name the hosts")
    return written


def _to_punycode(owner: str, text: str) -> str:
    """Return *text* with international labels as browsers send them.

    Python's codec implements IDNA 2003, browsers UTS 46. If decoding does not return the same text, the two
    may differ, and the encoded name could be another host.
    """
    if text.isascii():
        return text
    try:
        encoded = text.encode("idna").decode()
        same = encoded.encode().decode("idna") == text
    except UnicodeError:
        same = False
    if not same:
        raise PolicyError(
            f"{owner}: {text!r} is not a host in ASCII: write it in punycode ('xn--...'), as browsers send it"
        )
    return encoded


def _suggest_host(text: str) -> str | None:
    """Return the host in *text*, which looks like a URL; None if there is none."""
    match = _URL.fullmatch(text)
    assert match is not None  # every part may be empty
    scheme = match["scheme"] if match["scheme"] in ("ws", "wss") else None
    candidate = match["host"] if scheme is None else f"{scheme}://{match['host']}"
    source = parse_source(candidate)
    return candidate if source is not None and source.name not in _UNQUOTED else None


def overlaps(a: HostSource, b: HostSource) -> bool:
    """Return whether some host is covered by both; schemes are not compared.

    >>> overlaps(parse_source("*.maps.example"), parse_source("wss://a.maps.example:443"))
    True
    >>> overlaps(parse_source("*.maps.example"), parse_source("maps.example"))
    False
    """
    return _ports_meet(a.port, b.port) and (_includes(a, b) or _includes(b, a))


def covers(pattern: HostSource, host: HostSource) -> bool:
    """Return whether every browser lets through requests to *host*, which has no wildcard, under *pattern*.

    A host alone does not admit WebSockets to it, ``wss://`` not its pages, and ``ws://`` admits ``wss://`` in
    Firefox only (measured: Chromium 156, Firefox 153).

    >>> maps, a, b = map(parse_source, ("*.maps.example", "a.maps.example", "wss://a.maps.example"))
    >>> covers(maps, a), covers(maps, b), covers(maps, parse_source("maps.example"))
    (True, False, False)
    """
    return pattern.scheme == host.scheme and _ports_meet(pattern.port, host.port) and _includes(pattern, host)


def _includes(a: HostSource, b: HostSource) -> bool:
    """Return whether every host that *b* names is one that *a* names, ports and schemes aside."""
    if not a.has_wildcard:
        return not b.has_wildcard and a.name == b.name
    return b.name.endswith(f".{a.name}") or (b.has_wildcard and a.name == b.name)


def _ports_meet(a: int | None, b: int | None) -> bool:
    # A port 80 admits https's 443 too (CSP 3 section 6.7.2.11).
    return a == b or (a in _DEFAULT_PORTS and b in _DEFAULT_PORTS)


# The gate's own field.

CSP_BASE = "'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
"""Sources a site needs for itself: with these nothing of its own stops working (measured)."""

ENDPOINT_NAME = "consentgate"
"""The reporting endpoint's name in Reporting-Endpoints and report-to."""

# source-expression, CSP 3 section 2.3.1, as base sources may be written.
_QUOTED = re.compile(r"'[A-Za-z0-9+/_=-]+'")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_ANY_SOURCE = re.compile(
    rf"(?:[a-z][a-z0-9+.-]*://)?(?P<host>\*|(?:\*\.)?{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[0-9]{{1,5}}|\*))?(?:/[!#-~]*)?"
)
_NETWORK = ("http:", "https:", "ws:", "wss:")


class Reporting(NamedTuple):
    """The fields that ask browsers to send reports.

    Attributes:
        directives: the directives to append to the Content-Security-Policy field.
        fields: further response fields.
    """

    directives: str = ""
    fields: tuple[tuple[str, str], ...] = ()


NO_REPORTS = Reporting()


def reporting_to(path: str, *, is_https: bool) -> Reporting:
    """Return the fields that ask for reports to *path*, a percent-encoded path of this host.

    On http browsers deliver only to ``report-uri``, and deliver nothing if ``report-to`` is there, too. On
    https they prefer ``report-to``, which sends many reports at once (measured: Chromium 156, Firefox 153).

    >>> reporting_to("/cookies/reports", is_https=False).directives
    '; report-uri /cookies/reports'
    """
    # A path may contain both, but they would end the directive or the policy.
    path = path.replace(";", "%3B").replace(",", "%2C")
    if not is_https:
        return Reporting(f"; report-uri {path}")
    return Reporting(
        f"; report-uri {path}; report-to {ENDPOINT_NAME}",
        (("Reporting-Endpoints", f'{ENDPOINT_NAME}="{path}"'),),
    )


def csp_value(base: str, hosts: Iterable[str]) -> str:
    """Return a Content-Security-Policy that lets through *base* and *hosts*, for requests of every kind.

    It is one directive, since a list of directives misses kinds of requests (docs/howto/embed-a-video.md).

    >>> csp_value("'self' data:", ["maps.example"])
    "default-src 'self' data: maps.example"
    """
    return " ".join(["default-src", *base.split(), *hosts])


def check_base(option: str, base: object, hosts: Iterable[str]) -> str:
    """Return *base*, the sources a site needs for itself, checked against the hosts that need consent.

    Raises:
        PolicyError: a source is malformed, or lets through one of *hosts*; the message names both.
    """
    if not isinstance(base, str):
        raise PolicyError(f"{option} must be a text of sources such as {CSP_BASE!r}, not {base!r}")
    for character in ";,\r\n":
        if character in base:
            raise PolicyError(f"{option}: {character!r} would end the list of sources: {base!r}")
    declared = [(host, source) for host in hosts if (source := parse_source(host))]
    for text in base.split(" "):
        _check_source(option, text)
        for host, source in declared:
            if _lets_through(text.lower(), source):
                raise PolicyError(
                    f"{option}: {text!r} lets through the host {host!r}, which needs consent: leave it out"
                )
    return base


def _check_source(option: str, text: str) -> None:
    if text.lower() in _UNQUOTED:
        meant = f"{text}:" if text.lower() in _SCHEMES else f"'{text}'"
        raise PolicyError(f"{option}: {text!r} is not a source: write {meant}")
    patterns = (_QUOTED, _SCHEME, _ANY_SOURCE)
    if text and not any(pattern.fullmatch(text.lower()) for pattern in patterns):
        raise PolicyError(f"{option}: {text!r} is not a source of Content Security Policy")


def _lets_through(text: str, source: HostSource) -> bool:
    """Return whether a base source, in lower case, covers a host that *source* covers."""
    # With 'strict-dynamic' a trusted script may load scripts from every host.
    if text in _NETWORK or text == "'strict-dynamic'":
        return True
    match = _ANY_SOURCE.fullmatch(text)
    if match is None:
        return False
    if match["host"] == "*":
        return True
    name = match["host"].removeprefix("*.")
    port = source.port if match["port"] == "*" else int(match["port"]) if match["port"] else None
    return overlaps(HostSource("", name != match["host"], name, port), source)
