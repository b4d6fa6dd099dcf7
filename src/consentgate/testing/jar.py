"""A cookie jar that stores, sends and removes cookies as browsers do.

It is written from RFC 6265bis 5 alone and shares no code with the gate, so that a mistake there is not
repeated here. Where Chromium differs from the text, the jar follows Chromium.
"""

import calendar
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

_BLANK = " \t"
_LONGEST_LIFE = 400 * 24 * 3600
_SHOULD_NOT_BE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DATE_DELIMITER = re.compile(r"[\x09\x20-\x2F\x3B-\x40\x5B-\x60\x7B-\x7E]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})")
_MONTHS = [name.lower() for name in calendar.month_abbr[1:]]
_PREFIXES = ("__secure-", "__host-", "__http-", "__host-http-")


class StoredCookie(NamedTuple):
    """One cookie in a jar.

    Attributes:
        name: as bytes on the wire, one character each.
        value: likewise.
        domain: the host it was set by, or the Domain it was set for.
        host_only: whether it goes back to that very host only.
        path: where it goes back to, with everything under it.
        secure: whether it goes back over https only.
        http_only: whether scripts can't see it.
        expires: when it ends, in Unix seconds; None with the browser's session.
        partitioned: whether it is kept apart from one of the same name that is not (CHIPS).
    """

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    http_only: bool
    expires: float | None
    partitioned: bool = False


def _now(now: float | None) -> float:
    return time.time() if now is None else now


class Jar(Mapping[str, str]):
    """The cookies a browser has stored, by name; of several values for one name, the one sent first.

    The jar has no list of public suffixes: it refuses a Domain without a dot, and no other.

    >>> jar = Jar()
    >>> jar.store("_ga = 1; Path=/", "https://shop.example/")
    >>> jar.store("sid=2; Max-Age=0", "https://shop.example/")
    >>> dict(jar), jar.cookie_string("https://shop.example/x")
    ({'_ga': '1'}, '_ga=1')
    """

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, bool, str, bool], StoredCookie] = {}

    @property
    def cookies(self) -> tuple[StoredCookie, ...]:
        """Everything stored, in the order it is sent: longer paths first, then older ones."""
        return tuple(sorted(self._cookies.values(), key=lambda cookie: -len(cookie.path)))

    def __getitem__(self, name: str) -> str:
        for cookie in self.cookies:
            if cookie.name == name:
                return cookie.value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(cookie.name for cookie in self.cookies))

    def __len__(self) -> int:
        return len({cookie.name for cookie in self._cookies.values()})

    def __repr__(self) -> str:
        return f"Jar({dict(self)!r})"

    def store(
        self,
        set_cookie_string: str,
        url: str,
        *,
        now: float | None = None,
        response_headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Store, change or remove a cookie, as this Set-Cookie from *url* asks (RFC 6265bis 5.6, 5.7).

        Args:
            set_cookie_string: the field's value.
            url: where the response came from.
            now: Unix seconds; the clock's, unless given.
            response_headers: the response's fields; Expires is measured against the Date among them.
        """
        now = _now(now)
        cookie = _parsed(set_cookie_string, url, now, response_headers)
        if cookie is None or (not cookie.secure and self._would_hide_a_secure_one(cookie, url)):
            return
        at = cookie.name, cookie.domain, cookie.host_only, cookie.path, cookie.partitioned
        if cookie.expires is not None and cookie.expires <= now:
            self._cookies.pop(at, None)
        else:
            self._cookies[at] = cookie

    def store_response(
        self, response_headers: Iterable[tuple[str, str]], url: str, *, now: float | None = None
    ) -> None:
        """Store the cookies of each Set-Cookie field that a browser would find in this response."""
        fields = list(fields_received(response_headers))
        for field_name, field_value in fields:
            if field_name.lower() == "set-cookie":
                self.store(field_value, url, now=now, response_headers=fields)

    def put(self, name: str, value: str, url: str) -> None:
        """Store a cookie of this name for *url*'s host, without a Set-Cookie."""
        scheme, host, _ = _split(url)
        self._cookies[name, host, True, "/", False] = StoredCookie(
            name, value, host, True, "/", scheme == "https", False, None
        )

    def forget(self, now: float) -> None:
        """Remove the cookies that have expired at Unix second *now*."""
        for at, cookie in list(self._cookies.items()):
            if cookie.expires is not None and cookie.expires <= now:
                del self._cookies[at]

    def clear(self) -> None:
        """Remove everything."""
        self._cookies.clear()

    def cookie_string(self, url: str, *, now: float | None = None) -> str:
        """Return the Cookie field's value for a request to *url*, ``""`` for none (RFC 6265bis 5.8.3)."""
        self.forget(_now(now))
        scheme, host, path = _split(url)
        return "; ".join(
            f"{cookie.name}={cookie.value}" if cookie.name else cookie.value
            for cookie in self.cookies
            if (host == cookie.domain or (not cookie.host_only and host.endswith(f".{cookie.domain}")))
            and _is_under(path, cookie.path)
            and (scheme == "https" or not cookie.secure)
        )

    def _would_hide_a_secure_one(self, cookie: StoredCookie, url: str) -> bool:
        """Return whether *cookie*, set over http, would replace a Secure one (RFC 6265bis 5.7, 9)."""
        return not url.startswith("https:") and any(
            stored.secure and stored.name == cookie.name and _is_under(cookie.path, stored.path)
            for stored in self._cookies.values()
            if stored.domain.endswith(cookie.domain) or cookie.domain.endswith(stored.domain)
        )


def fields_received(response_headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the fields that a browser reads if a server writes *response_headers* without checks.

    A line break begins a field, or continues one if a blank follows (RFC 9112 5.2); the name ends at the
    first colon. A NUL anywhere makes browsers reject the response.

    >>> list(fields_received([("X", "1\\r\\nSet-Cookie: a=1"), ("Set-Cookie:", "b=2")]))
    [('X', '1'), ('Set-Cookie', 'a=1'), ('Set-Cookie', ': b=2')]
    """
    head = "".join(f"{name}: {value}\r\n" for name, value in response_headers)
    unfolded = re.sub(r"(?:\r\n|\r|\n)[ \t]+", " ", head)
    for line in re.split(r"\r\n|\r|\n", unfolded) if "\0" not in head else ():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(_BLANK), value.strip(_BLANK)


class _Set(NamedTuple):
    """The parts of a Set-Cookie field."""

    name: str
    value: str
    attributes: dict[str, str]


def _read(set_cookie_string: str) -> _Set | None:
    if _SHOULD_NOT_BE.search(set_cookie_string):
        return None
    pair, _, unparsed = set_cookie_string.partition(";")
    name, _, value = pair.partition("=") if "=" in pair else ("", "", pair)
    name, value = name.strip(_BLANK), value.strip(_BLANK)
    attributes = _attributes(unparsed)
    if attributes is None or not (name or value) or len(name) + len(value) > 4096 or "\t" in name + value:
        return None
    if not name and ("=" in value or value.lower().startswith(_PREFIXES)):
        return None
    return _Set(name, value, attributes)


def name_kept(
    set_cookie_string: str, *, now: float, response_headers: Iterable[tuple[str, str]] = ()
) -> str | None:
    """Return the name under which some browser could store a cookie; None if none would store it.

    Domain, Path and scheme are assumed to fit, since another host may store what this one refuses.

    >>> name_kept("a =1; Domain=elsewhere.example", now=0), name_kept("a=1; Max-Age=0", now=0)
    ('a', None)
    """
    read = _read(set_cookie_string)
    if read is None:
        return None
    expires = _expires(read.attributes, now, response_headers)
    return None if expires is not None and expires <= now else read.name


def _parsed(
    set_cookie_string: str, url: str, now: float, response_headers: Iterable[tuple[str, str]]
) -> StoredCookie | None:
    read = _read(set_cookie_string)
    if read is None:
        return None
    scheme, host, request_path = _split(url)
    name, value, attributes = read
    domain = attributes.get("domain", "").lower()
    domain = domain.removeprefix(".") if domain != "." else domain
    if domain and not _may_be_set_for(host, domain):
        return None
    path = attributes.get("path", "")
    cookie = StoredCookie(
        name=name,
        value=value,
        domain=domain or host,
        host_only=not domain or (domain == host and _has_no_parent(host)),
        path=path if path.startswith("/") else request_path.rpartition("/")[0] or "/",
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        expires=_expires(attributes, now, response_headers),
        partitioned="partitioned" in attributes,
    )
    return cookie if _is_acceptable(cookie, attributes, scheme) else None


def _attributes(unparsed: str) -> dict[str, str] | None:
    """Return the last value of each attribute; None if Chromium ignores the whole field."""
    attributes: dict[str, str] = {}
    for cookie_av in unparsed.split(";"):
        name, _, value = cookie_av.partition("=")
        name, value = name.strip(_BLANK).lower(), value.strip(_BLANK)
        if "\t" in name or "\t" in value:
            return None
        if len(value) <= 1024:
            attributes[name] = value
    return attributes


def _is_acceptable(cookie: StoredCookie, attributes: Mapping[str, str], scheme: str) -> bool:
    """Return whether *cookie* meets the conditions of its attributes and prefix (RFC 6265bis 4.1.3, 5.7)."""
    if cookie.secure and scheme != "https":
        return False
    if not cookie.secure and (
        attributes.get("samesite", "").lower() == "none" or "partitioned" in attributes
    ):
        return False
    name = cookie.name.lower()
    if name.startswith(_PREFIXES) and not cookie.secure:
        return False
    if name.startswith(("__http-", "__host-http-")) and not cookie.http_only:
        return False
    at_root = attributes.get("path") == "/" and cookie.path == "/"
    return not name.startswith("__host-") or (at_root and not attributes.get("domain"))


def _may_be_set_for(host: str, domain: str) -> bool:
    if domain == host:
        return True
    return not _has_no_parent(host) and "." in domain and host.endswith(f".{domain}")


def _has_no_parent(host: str) -> bool:
    """Return whether *host* has no parent domain: it is an address or a single label."""
    return "." not in host or re.fullmatch(r"[0-9.]+|\[.*", host) is not None


def _expires(
    attributes: Mapping[str, str], now: float, response_headers: Iterable[tuple[str, str]]
) -> float | None:
    """Return when a cookie expires (RFC 6265bis 5.5), in 400 days at most; None for a session cookie."""
    max_age = attributes.get("max-age", "")
    if re.fullmatch(r"[+-]?[0-9]+", max_age):
        seconds = int(max_age)
        return now + min(seconds, _LONGEST_LIFE) if seconds > 0 else float("-inf")
    moment = moment_of(attributes.get("expires", ""))
    if moment is None:
        return None
    dates = [value for name, value in response_headers if name.lower() == "date"]
    date = moment_of(dates[0]) if dates else None
    # Browsers measure against the Date field, so that a wrong clock of theirs does not matter.
    return min(moment + (0 if date is None else now - date), now + _LONGEST_LIFE)


def moment_of(cookie_date: str) -> float | None:
    """Return a cookie-date as Unix seconds, None if browsers can't read it (RFC 6265bis 5.1.1).

    >>> moment_of("Thu, 01-Jan-70 00:00:09 GMT"), moment_of("soon")
    (9.0, None)
    """
    clock = day = month = year = None
    for token in filter(None, _DATE_DELIMITER.split(cookie_date)):
        if not token[0].isdigit():
            if month is None and token[:3].lower() in _MONTHS:
                month = _MONTHS.index(token[:3].lower()) + 1
        elif ":" in token:
            clock = clock or _TIME.match(token)
        elif day is None and len(token) <= 2:
            day = _leading_number(token)
        elif year is None and len(token) <= 5:
            year = _leading_number(token)
    if clock is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    if year > 9999:
        return float("inf")
    try:
        moment = datetime(year, month, day, int(clock[1]), int(clock[2]), int(clock[3]))
    except ValueError:
        return None
    return calendar.timegm(moment.timetuple()) * 1.0


def _leading_number(token: str) -> int:
    digits = re.match(r"[0-9]+", token)
    return int(digits[0]) if digits else 0


def _is_under(path: str, cookie_path: str) -> bool:
    """Return whether a request to *path* gets a cookie with this path (RFC 6265bis 5.1.4)."""
    return path == cookie_path or (
        path.startswith(cookie_path) and (cookie_path[-1] == "/" or path[len(cookie_path)] == "/")
    )


def _split(url: str) -> tuple[str, str, str]:
    """Return scheme, host without port, and path of an absolute URL."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host = re.sub(r":[0-9]*$", "", authority).lower()
    return scheme, host, re.split(r"[?#]", slash + path)[0] or "/"
