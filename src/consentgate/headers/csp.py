"""Content Security Policy: host sources, whether one covers another, and the gate's own field (CSP 3)."""

import re
from typing import NamedTuple

from consentgate.errors import PolicyError

LONGEST_NAME = 253
"""Characters of the longest host name (RFC 1035 2.3.4)."""

_EXAMPLES = "'maps.example', '*.tiles.example', 'wss://live.example' or 'maps.example:8443'"

# host-source, CSP 3 section 2.3.1, without path, `*` alone, `*` as port, and schemes but WebSocket's: a
# host without a scheme admits http and https. Labels as RFC 1123 2.1 has them.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SOURCE = re.compile(rf"(?:(wss?)://)?(\*\.)?({_LABEL}(?:\.{_LABEL})*)(?::([0-9]{{1,5}}))?")

# Near misses, to say what to write instead: a URL with scheme, userinfo, path, query.
_URL = re.compile(r"(?:(?P<scheme>[a-z]+):)?(?://)?(?:[^/@]*@)?(?P<host>[^/?#@]*).*", re.DOTALL)

_KEYWORDS = ("self", "none", "unsafe-inline", "unsafe-eval", "unsafe-hashes", "wasm-unsafe-eval")
_SCHEMES = ("data", "blob", "filesystem", "mediastream", "http", "https", "ws", "wss")
_UNQUOTED = frozenset((*_KEYWORDS, "strict-dynamic", "report-sample", *_SCHEMES))
"""Words that are no hosts, but keywords or schemes written wrongly."""

_DEFAULT_PORTS = (None, 80, 443)


class HostSource(NamedTuple):
    """A host source, taken apart.

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
    """Return the host source that *text* is, None if it is none.

    >>> parse_source("wss://*.live.example:8443")
    HostSource(scheme='wss', has_wildcard=True, name='live.example', port=8443)
    >>> parse_source("https://maps.example"), parse_source("maps.example/tiles"), parse_source("*")
    (None, None, None)
    """
    match = _SOURCE.fullmatch(text) if len(text) <= LONGEST_NAME + 16 else None
    if match is None or len(match[3]) > LONGEST_NAME:
        return None
    port = None if match[4] is None else int(match[4])
    if port is not None and not 1 <= port <= 65535:
        return None
    return HostSource(match[1] or "", match[2] is not None, match[3], port)


def checked_source(owner: str, text: object) -> str:
    """Return a declared host as the field writes it: in lower case, in punycode.

    Raises:
        PolicyError: it is none; names the owner, the host, and where it can be told, what to write.
    """
    if not isinstance(text, str):
        raise PolicyError(f"{owner}: a host is a text such as {_EXAMPLES}, not {text!r}")
    source = parse_source(written := _in_punycode(owner, text.lower()))
    if source is None:
        mended = _mended(written)
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


def _in_punycode(owner: str, text: str) -> str:
    """Return *text* with international labels as browsers send them.

    Python's codec implements IDNA 2003, browsers UTS 46: where a label does not come back as it was, the two
    may differ, and a guess would name another host.
    """
    if text.isascii():
        return text
    labels = text.split(".")
    try:
        encoded = [label.encode("idna").decode() for label in labels]
        same = [label.encode().decode("idna") for label in encoded] == labels
    except UnicodeError:
        same = False
    if not same:
        raise PolicyError(
            f"{owner}: {text!r} is not a host in ASCII: write it in punycode ('xn--...'), as browsers send it"
        )
    return ".".join(encoded)


def _mended(text: str) -> str | None:
    """Return the host in *text*, a URL or nearly one; None if there is none."""
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
    """Return whether a policy that lists *pattern* lets through requests to *host*, which has no wildcard.

    A host alone does not admit WebSockets to it (measured: Chromium 156, Firefox 153).

    >>> maps = parse_source("*.maps.example")
    >>> [covers(maps, parse_source(host)) for host in ("a.maps.example", "maps.example", "wss://a.maps.example")]
    [True, False, False]
    """
    return (
        _ports_meet(pattern.port, host.port)
        and _includes(pattern, host)
        and host.scheme in {"": ("",), "ws": ("ws", "wss"), "wss": ("wss",)}[pattern.scheme]
    )


def _includes(a: HostSource, b: HostSource) -> bool:
    """Return whether every host that *b* names is one that *a* names, ports and schemes aside."""
    if not a.has_wildcard:
        return not b.has_wildcard and a.name == b.name
    return b.name.endswith(f".{a.name}") or (b.has_wildcard and a.name == b.name)


def _ports_meet(a: int | None, b: int | None) -> bool:
    # A port 80 admits https's 443 too (CSP 3 section 6.7.2.11).
    return a == b or (a in _DEFAULT_PORTS and b in _DEFAULT_PORTS)
