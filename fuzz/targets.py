"""The fuzz targets: each parser of bytes from outside, with the properties that hold for any input."""

import io
import json
from collections.abc import Callable
from typing import Any

from consentgate import Attestation, BadPreferences, Basis, Category, Cookie, Policy, PreferencesSerializer
from consentgate.consent.signing import is_well_formed, parse_payload
from consentgate.consent.tokens import TokenReader
from consentgate.consent.verdict import Judge, Situation
from consentgate.gate.request import filter_cookie_string
from consentgate.gate.response import judge_set_cookies
from consentgate.gate.scan import find_line_break
from consentgate.headers.cache_control import (
    directives,
    forbid_storing,
    make_private,
    may_be_shared,
    vary_on,
)
from consentgate.headers.cookie import (
    cookie_date,
    cookie_name,
    cookie_values,
    is_set_cookie,
    is_token,
    loose_cookie_date,
)
from consentgate.headers.origin import are_answers_withheld, is_same_origin, list_parent_domains
from consentgate.headers.set_cookie import (
    CERTAIN_DELETION,
    Deletion,
    classify_deletion,
    find_refusal,
    shorten_lifetime,
    stated_attributes,
)
from consentgate.i18n.negotiation import negotiate_language
from consentgate.testing.driving import cookies_in, drive, environ_for
from consentgate.testing.jar import Jar, fields_received, moment_of, name_kept

NOW = 1_763_900_000.0
_ATTESTED = Attestation(
    sole_purpose=True, anonymous_output=True, no_cross_site=True, no_combination=True, no_third_party=True
)
POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("audience", basis=Basis.EXEMPT, attestation=_ATTESTED, cookies=["_pk_*"]),
        Category("ads", cookies=[Cookie("vid", domain="example.org"), "*_tv"]),
    ]
)
SERIALIZER = PreferencesSerializer(POLICY, secret_key="a key of the fuzzer's")
READER = TokenReader(SERIALIZER)
JUDGE = Judge(POLICY)
STRICTEST = JUDGE.permissions(Situation(withheld=True))


def set_cookie(data: bytes) -> None:
    """One Set-Cookie field's value: name, attributes, deletion, shortening, stripping."""
    line = data.decode("latin-1")
    name, kept = cookie_name(line), name_kept(line, now=NOW)
    # The gate and the browser agree on the name, or the gate lets nothing through (R30).
    assert kept is None or name in (kept, None)
    deletion = classify_deletion(line, NOW)
    if deletion is Deletion.BY_CLOCK:
        assert classify_deletion(line + CERTAIN_DELETION, NOW) is Deletion.CERTAIN
    if deletion is not Deletion.NO:
        certain = line if deletion is Deletion.CERTAIN else line + CERTAIN_DELETION
        assert name_kept(certain, now=NOW) is None
    for limit in (3600, None):
        short = shorten_lifetime(line, limit, NOW)
        assert shorten_lifetime(short, limit, NOW) is short
        assert name_kept(short, now=NOW) in (kept, None)
    stated = stated_attributes(line, NOW)
    assert stated.lifetime is None or isinstance(stated.lifetime, int)
    find_refusal(line, name or "")
    fields = judge_set_cookies([("Set-Cookie", line)], JUDGE, STRICTEST, NOW).fields
    jar = Jar()
    jar.store_response(fields, "https://www.example.org/", now=NOW)
    assert set(jar) <= {"sid"}


def date(data: bytes) -> None:
    """A cookie-date: a moment we read strictly, browsers read alike."""
    text = data.decode("latin-1")
    ours = cookie_date(text)
    assert ours is None or ours == moment_of(text) == loose_cookie_date(text)
    loose_cookie_date(text)


def cookie_field(data: bytes) -> None:
    """A Cookie field's value: finding, reading and hiding pairs."""
    line = data.decode("latin-1")
    pairs = list(cookies_in(line))
    assert cookie_values(line, "sid") == [value for name, value in pairs if name == "sid"]
    assert READER.read(line, NOW).verified == ()
    filtered = filter_cookie_string(line, JUDGE, STRICTEST, ())
    kept = filtered.apply(line)
    assert all(name == "sid" for name, _ in cookies_in(kept))
    assert (kept is line) is (not filtered.withheld)
    again = filter_cookie_string(kept, JUDGE, STRICTEST, ())
    assert again.apply(kept) is kept


def field_name(data: bytes) -> None:
    """A response field's name: whatever a browser takes for Set-Cookie, we do."""
    name = data.decode("latin-1")
    if any(found.lower() == "set-cookie" for found, _ in fields_received([(name, "a=1")])):
        # A line break in a field's name is another field's; servers refuse it.
        assert is_set_cookie(name) or "\n" in name or "\r" in name
        assert is_set_cookie(name) or find_line_break("200 OK", [(name, "a=1")])


def token(data: bytes) -> None:
    """A preferences cookie: genuine or refused, and one spelling for each."""
    text = data.decode("latin-1")
    parse_payload(text)
    is_well_formed(text)
    READER.verify(text, NOW)
    try:
        preferences = SERIALIZER.loads(text, now=NOW)
    except BadPreferences:
        return
    assert SERIALIZER.loads(SERIALIZER.dumps(preferences)) == preferences


def cache_fields(data: bytes) -> None:
    """Cache-Control and Vary fields: private once made so, and never twice."""
    line = data.decode("latin-1")
    assert all(directives(line))
    private = make_private([("Cache-Control", line)])
    assert make_private(private) is private and not may_be_shared(private, NOW)
    assert not may_be_shared(forbid_storing([("Cache-Control", line)]), NOW)
    varied = vary_on([("Vary", line)], ("Cookie",))
    assert vary_on(varied, ("Cookie",)) is varied


def request_head(data: bytes) -> None:
    """Fields that tell where a request comes from and which language it wants."""
    first, _, second = data.decode("latin-1").partition("\n")
    is_same_origin(None, first, second, frozenset(), "https")
    assert is_same_origin("same-origin", first, second, frozenset(), "https")
    are_answers_withheld("POST", None, None, None, None, first, second)
    for domain in list_parent_domains(second):
        assert is_token(domain) and "." in domain and len(domain) <= 253
    assert negotiate_language(first, ["fr", "en"], "en") in ("fr", "en")


def _application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Set-Cookie", "vid=1"), ("Set-Cookie", "sid=1")])
    return []


_GATE = POLICY.wrap(_application, secret_key="a key of the fuzzer's")


def posted(data: bytes) -> None:
    """A body posted to the endpoint: a form or JSON, and never more than an answer."""
    kind = "application/json" if data[:1] in (b"{", b"[") else "application/x-www-form-urlencoded"
    environ = environ_for(
        "/cookies",
        REQUEST_METHOD="POST",
        CONTENT_TYPE=kind,
        CONTENT_LENGTH=str(len(data)),
        HTTP_SEC_FETCH_SITE="same-origin",
    )
    environ["wsgi.input"] = io.BytesIO(data)
    answer = drive(_GATE, environ)
    location = dict(answer.headers).get("Location", "/")
    assert answer.status[:3] in ("200", "303", "400", "413")
    assert location.startswith("/") and not location.startswith(("//", "/\\")), location
    recorded = any(value.startswith("cookies_preferences=") for _, value in answer.headers)
    assert recorded == (answer.status[:3] in ("200", "303"))
    if answer.status.startswith("200"):
        json.loads(b"".join(answer.chunks))


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (set_cookie, date, cookie_field, field_name, token, cache_fields, request_head, posted)
}
