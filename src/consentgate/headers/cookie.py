"""Cookies as browsers read them: names, attributes and dates (RFC 6265bis 5.1 and 5.6).

Where the specification and what Chromium and Firefox store differ, the browsers stand; where the two
browsers differ from each other, the reader here gives the answer that lets nothing through.
Text is PEP 3333's native string: one character, U+0000 to U+00FF, for one byte on the wire.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

BLANK = " \t"
"""SP and HTAB, all that browsers trim: str.strip() would also eat NBSP, VT, NEL and more."""

# Every control character but HTAB. A browser splits the field there, or refuses it.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_LINE_BREAK = re.compile(r"[\x00\x0a\x0d]")

# token, RFC 9110 5.6.2: what a field name, and a cookie-name written by the book, is made of.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

SEPARATORS = BLANK + ";"
"""Characters that stand between the pairs of a Cookie field."""

LARGEST_PAIR = 4096
"""Octets a cookie-name and cookie-value may have together (RFC 6265bis 5.6)."""

LARGEST_ATTRIBUTE = 1024
"""Octets of an attribute-value beyond which browsers ignore the attribute (RFC 6265bis 5.6)."""


def has_control(text: str) -> bool:
    """Return whether *text* holds a control character other than HTAB.

    >>> has_control("a=1\\r\\nSet-Cookie: b=2"), has_control("a=\\t1"), has_control("a=\\xa01")
    (True, False, False)
    """
    # str.isprintable() runs in C and settles nearly every real field.
    return not text.isprintable() and _CONTROL.search(text) is not None


def is_token(text: str) -> bool:
    """Return whether *text* is a token (RFC 9110 5.6.2).

    >>> is_token("__Host-sid"), is_token("a[0]"), is_token("")
    (True, False, False)
    """
    return _TOKEN.fullmatch(text) is not None


def cookie_name(set_cookie_string: str) -> str | None:
    """Return the name a browser would store, ``""`` for a nameless cookie, None if it would store nothing.

    RFC 6265bis 5.6 (R30). A cookie with no ``=`` is nameless too: Firefox reads it otherwise, and what
    browsers disagree on can be nobody's declared cookie.

    >>> cookie_name(" _ga =1; Path=/"), cookie_name('a="1;2"'), cookie_name("x; a=1")
    ('_ga', 'a', '')
    >>> cookie_name("a=1\\x07") is None
    True
    """
    if has_control(set_cookie_string):
        return None
    pair = set_cookie_string.partition(";")[0]
    name, equals, value = pair.partition("=")
    name, value = name.strip(BLANK), value.strip(BLANK)
    if not equals:
        name, value = "", name
    if not (name or value) or len(name) + len(value) > LARGEST_PAIR:
        return None
    return name


def has_line_break(text: str) -> bool:
    """Return whether *text* holds a CR, LF or NUL, at which servers and browsers cut a field.

    >>> has_line_break("a\\r\\nSet-Cookie: b=2"), has_line_break("caf\\xe9\\t")
    (True, False)
    """
    return not text.isprintable() and _LINE_BREAK.search(text) is not None


def is_storable(set_cookie_string: str) -> bool:
    """Return whether every browser would store the named cookie this sets, its attributes left aside.

    >>> is_storable("a=1; Path=/"), is_storable("a=1\\x07"), is_storable("a=" + "1" * 4096)
    (True, False, False)
    """
    # Both run in C and settle nearly every one.
    if set_cookie_string.isprintable() and len(set_cookie_string) <= LARGEST_PAIR:
        return True
    return cookie_name(set_cookie_string) is not None


def is_set_cookie(field_name: str) -> bool:
    """Return whether a browser could take a field of this name for ``Set-Cookie``.

    Any case; and, since some servers send them and some browsers trim them, names that hold
    ``Set-Cookie`` among characters no field name may have. ``X-Set-Cookie`` is a name of its own.

    >>> [is_set_cookie(name) for name in ("set-cookie", "Set-Cookie\\t", "Set-Cookie:", "X-Set-Cookie")]
    [True, True, True, False]
    """
    name = field_name.lower()
    return name == "set-cookie" or ("set-cookie" in name and not is_token(name))


def attributes(unparsed: str) -> Iterator[tuple[str, str]]:
    """Yield each cookie-av as (lower-case name, value), those browsers ignore left out.

    RFC 6265bis 5.6: *unparsed* is what follows the first ``;``, whose quotes protect nothing; a value over
    1,024 octets does not count.

    >>> list(attributes(' Max-Age=0"; ;Secure'))
    [('max-age', '0"'), ('', ''), ('secure', '')]
    """
    for cookie_av in unparsed.split(";"):
        name, _, value = cookie_av.partition("=")
        value = value.strip(BLANK)
        if len(value) <= LARGEST_ATTRIBUTE:
            yield name.strip(BLANK).lower(), value


def sets_again(set_cookie_string: str, cookie_string: str) -> bool:
    """Return whether a Set-Cookie gives a cookie the very value it came with: all it may change is its life.

    >>> sets_again("_pk_id=7; Max-Age=34128000", "sid=1; _pk_id=7"), sets_again("_pk_id=8", "sid=1; _pk_id=7")
    (True, False)
    """
    name = cookie_name(set_cookie_string)
    value = set_cookie_string.partition(";")[0].partition("=")[2].strip(BLANK)
    return bool(name) and value in cookie_values(cookie_string, name or "")


def cookie_values(cookie_string: str, name: str) -> list[str]:
    """Return the value of every pair called *name*, a token, in order (RFC 6265bis 4.2.1).

    One pass, however hostile the string: nothing is parsed but what stands around the name.

    >>> cookie_values("a=1; sid=2;sid = 3 ; xsid=4; b=sid=5", "sid")
    ['2', '3']
    """
    values: list[str] = []
    at = cookie_string.find(name)
    while at >= 0:
        before = at - 1
        while before >= 0 and cookie_string[before] in BLANK:
            before -= 1
        after = at + len(name)
        if before < 0 or cookie_string[before] == ";":
            while cookie_string[after : after + 1] in (" ", "\t"):
                after += 1
            if cookie_string[after : after + 1] == "=":
                end = cookie_string.find(";", after)
                end = len(cookie_string) if end < 0 else end
                values.append(cookie_string[after + 1 : end].strip(BLANK))
                after = end
        at = cookie_string.find(name, after)
    return values


def is_host_only(name: str) -> bool:
    """Return whether browsers store a cookie of this name only without Domain (RFC 6265bis 4.1.3.2)."""
    return name.lower().startswith("__host-")  # "__Host-Http-" among them


def is_secure_only(name: str) -> bool:
    """Return whether browsers store a cookie of this name only with Secure (RFC 6265bis 4.1.3)."""
    return name.lower().startswith(("__host-", "__secure-", "__http-"))


def is_http_only(name: str) -> bool:
    """Return whether browsers store a cookie of this name only with HttpOnly (layered cookies 4.1.3, R45)."""
    return name.lower().startswith(("__http-", "__host-http-"))


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAY_NAME = (
    r"(?:mon|tue|wed|thu|fri|sat|sun"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
)
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATES = [
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        # IMF-fixdate and rfc850-date (RFC 9110 5.6.7), Netscape's hyphens, zone GMT or none.
        rf"(?:{_DAY_NAME},? )?(?P<day>[0-9]{{1,2}})(?P<sep>[ -]){_MONTH}(?P=sep)"
        rf"(?P<year>[0-9]{{4}}|[0-9]{{2}}) {_TIME}(?: (?:GMT|UTC|[+-]0000))?",
        # asctime-date
        rf"(?:{_DAY_NAME} )?{_MONTH} {{1,2}}(?P<day>[0-9]{{1,2}}) {_TIME} (?P<year>[0-9]{{4}})",
    )
]


def cookie_date(text: str) -> float | None:
    """Return *text* as Unix seconds, or None unless all browsers would read the same moment in it.

    Stricter than RFC 6265bis 5.1.1: of time zones only GMT under its names, since Firefox applies
    the others; no impossible dates, since Chromium stores on them.

    >>> cookie_date("Thu, 01-Jan-1970 00:00:10 GMT"), cookie_date("Thursday, 01-Jan-70 00:00:00 GMT")
    (10.0, 0.0)
    >>> cookie_date("Thu, 01 Jan 1970 00:00:00 GMT -0900") is None
    True
    """
    match = _DATES[0].fullmatch(text) or _DATES[1].fullmatch(text)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 1900 if year >= 70 else 2000
    month = _MONTHS.index(match["month"].lower()) + 1
    clock = int(match["hour"]), int(match["minute"]), int(match["second"])
    try:
        moment = datetime(year, month, int(match["day"]), *clock, tzinfo=UTC)
    except ValueError:
        return None
    # 1601 is where both browsers' calendars begin.
    return moment.timestamp() if year >= 1601 else None


# The delimiters of cookie-date, RFC 6265bis 5.1.1.
_DATE_DELIMITERS = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_LOOSE_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9]|$)", re.ASCII)
_LOOSE_DAY = re.compile(r"([0-9]{1,2})(?:[^0-9]|$)", re.ASCII)
# One digit is no year in the specification; Chromium reads one (2000 to 2009).
_LOOSE_YEAR = re.compile(r"([0-9]{1,4})(?:[^0-9]|$)", re.ASCII)


def loose_cookie_date(text: str) -> float | None:
    """Return *text* as Unix seconds by the tolerant algorithm of RFC 6265bis 5.1.1, None if it fails.

    Only fit to ask whether a field was meant as a deletion: browsers differ on these texts.

    >>> loose_cookie_date("15 Apr 21:01:22 1970 EST"), loose_cookie_date("tomorrow") is None
    (9061282.0, True)
    """
    time = day = month = year = None
    for token in _DATE_DELIMITERS.split(text):
        if time is None and (match := _LOOSE_TIME.match(token)):
            time = int(match[1]), int(match[2]), int(match[3])
        elif day is None and (match := _LOOSE_DAY.match(token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _LOOSE_YEAR.match(token)):
            year = int(match[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    try:
        return datetime(year, month, day, *time, tzinfo=UTC).timestamp()
    except ValueError:
        return None
