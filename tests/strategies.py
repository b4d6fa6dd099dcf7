"""Hypothesis strategies, named by the specifications' terms."""

import string

from hypothesis import strategies as st

from consentgate import Basis, Category, Policy

from .conftest import ATTESTED

ANY_TEXT = st.text(st.characters())  # surrogates too: the default alphabet never draws them
NATIVE = st.text(st.characters(max_codepoint=255))
TOKEN_CHARACTERS = string.ascii_letters + string.digits + "!#$%&'+-.^_`|~"

cookie_names = st.text(TOKEN_CHARACTERS, min_size=1, max_size=12)
cookie_values = st.text(string.ascii_letters + string.digits + '!#$&()+-./:<>?@[]^_`{|}~"', max_size=20)
blanks = st.text(" \t", max_size=3)

well_known = st.sampled_from(
    [
        "sid",
        "csrftoken",
        "_pk_id",
        "_pk_ses.1",
        "_pk_ses.",
        "theme",
        "vid",
        "zzz",
        "SID",
        "cookies_preferences",
    ]
)
names = well_known | cookie_names

cookie_avs = st.sampled_from(
    [
        "Path=/",
        "Domain=example.org",
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
        "Partitioned",
        "Max-Age=0",
        "Max-Age=-1",
        "Max-Age=3600",
        "Max-Age=x",
        "max-age=99999999",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Expires=Fri, 31 Dec 2038 23:59:59 GMT",
        "Expires=0",
        "",
    ]
)


@st.composite
def set_cookie_strings(draw: st.DrawFn) -> str:
    """Well-formed, sloppy and hostile ones."""
    if draw(st.integers(0, 5)) == 0:
        return draw(NATIVE)
    name, value = draw(names), draw(cookie_values)
    before, after = draw(blanks), draw(blanks)
    avs = "".join(f";{draw(blanks)}{av}" for av in draw(st.lists(cookie_avs, max_size=4)))
    return f"{before}{name}{after}={value}{avs}"


field_names = st.sampled_from(
    ["Set-Cookie", "set-cookie", "SET-COOKIE", "Set-Cookie ", "Set-Cookie:", "X-Set-Cookie", "Vary"]
)
other_fields = st.sampled_from(
    [
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
    ]
)
response_headers = st.lists(st.tuples(field_names, set_cookie_strings()) | other_fields, max_size=8)
# What servers and wsgiref.validate let through: no control characters, no odd field names.
sane_response_headers = st.lists(
    st.tuples(
        st.sampled_from(["Set-Cookie", "set-cookie"]),
        set_cookie_strings().filter(lambda text: all(" " <= c != "\x7f" for c in text)),
    )
    | other_fields,
    max_size=8,
)

cookie_pairs = st.builds(lambda b, n, v: f"{b}{n}={v}", blanks, names, cookie_values) | NATIVE
cookie_strings = st.lists(cookie_pairs, max_size=6).map(";".join)

category_keys = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=10)
patterns = st.builds(lambda p, s: f"{p}*{s}", st.text("ab_", max_size=3), st.text("ab_", max_size=3)).filter(
    lambda p: p != "*"
)
choosable = ("statistical", "internal", "third-party")
accepted = st.sets(st.sampled_from(choosable))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies of up to four categories and distinct exact names."""
    keys = draw(st.lists(category_keys, min_size=1, max_size=4, unique_by=str.lower))
    pool = draw(st.lists(cookie_names.filter(lambda n: n != "cookies_preferences"), unique=True, max_size=8))
    categories = []
    for number, key in enumerate(keys):
        basis = draw(st.sampled_from(list(Basis)))
        categories.append(
            Category(
                key,
                basis=basis,
                attestation=ATTESTED if basis is Basis.EXEMPT else None,
                cookies=pool[number :: len(keys)],
                revision=draw(st.integers(1, 9)),
            )
        )
    return Policy(categories)
