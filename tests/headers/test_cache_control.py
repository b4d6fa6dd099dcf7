"""Cache-Control and Vary for responses that depend on the visitor: R77 to R81."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate.headers.cache_control import (
    directives,
    forbid_storing,
    make_private,
    may_be_shared,
    vary_on,
)
from consentgate.headers.names import KINDS, FieldKind
from tests.conftest import NOW
from tests.strategies import NATIVE, response_headers

Fields = list[tuple[str, str]]

TARGETED = [
    "Surrogate-Control",
    "X-Accel-Expires",
    "Edge-Control",
    "X-LiteSpeed-Cache-Control",
    "CDN-Cache-Control",
    "Cloudflare-CDN-Cache-Control",
]


def others(fields: Fields) -> Fields:
    """The fields that say nothing to caches about storing."""
    kinds = (FieldKind.CACHE_CONTROL, FieldKind.TARGETED)
    return [field for field in fields if KINDS[field[0]] not in kinds]


def cache_control(*values: str) -> Fields:
    return [("Cache-Control", value) for value in values]


@given(response_headers)
def test_no_shared_cache_has_permission_afterwards_and_once_is_enough(fields: Fields) -> None:
    before = list(fields)
    private = make_private(fields)
    assert fields == before
    assert not may_be_shared(private, NOW)
    assert make_private(private) is private
    assert others(private) == others(fields)


CACHE_FIELDS = st.tuples(
    st.sampled_from([*TARGETED, "Cache-Control", "cache-control", "Vary", "X-Accel-Buffering"]),
    st.sampled_from(["public", "max-age=60", "no-store", "private", "no-transform", 'private="X"', ""]),
)


@given(st.lists(CACHE_FIELDS, max_size=6))
def test_a_private_response_addresses_no_single_cache(fields: Fields) -> None:
    """RFC 9213 2.2: a cache that its own field addresses does not look at Cache-Control."""
    private = make_private(fields)
    assert not any(KINDS[name] is FieldKind.TARGETED for name, _ in private)
    assert not may_be_shared(private, NOW)
    assert make_private(private) is private
    assert others(private) == others(fields)


@given(response_headers | st.lists(CACHE_FIELDS, max_size=6))
def test_storing_is_forbidden_in_one_word(fields: Fields) -> None:
    before = list(fields)
    forbidden = forbid_storing(fields)
    assert fields == before
    assert others(forbidden) == others(fields)
    assert [field for field in forbidden if field not in others(fields)] == cache_control("no-store")
    assert forbid_storing(forbidden) == forbidden
    assert not may_be_shared(forbidden, NOW)


@pytest.mark.parametrize("name", TARGETED)
def test_a_field_for_one_kind_of_cache_permits_sharing_and_is_removed(name: str) -> None:
    """R79."""
    fields = [(name, "max-age=60"), *cache_control("private")]
    assert may_be_shared(fields, NOW)
    assert make_private(fields) == cache_control("private")
    assert forbid_storing(fields) == cache_control("no-store")


@given(response_headers)
def test_vary_names_a_field_once(fields: Fields) -> None:
    before = list(fields)
    varied = vary_on(fields, ("Cookie",))
    assert fields == before
    assert vary_on(varied, ("Cookie",)) is varied
    assert [field for field in varied if field[0] != "Vary"] == [
        field for field in fields if field[0] != "Vary"
    ]


@given(NATIVE)
def test_directives_lose_nothing_but_commas_and_blanks(text: str) -> None:
    kept = "".join(directives(text)).replace(",", "").replace(" ", "").replace("\t", "")
    assert kept == text.replace(",", "").replace(" ", "").replace("\t", "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], cache_control("private")),
        (cache_control("max-age=60"), cache_control("max-age=60, private")),
        (cache_control("public, max-age=60, s-maxage=600"), cache_control("max-age=60, private")),
        (cache_control("PUBLIC", "max-age=60"), cache_control("max-age=60, private")),
        (cache_control('private="Set-Cookie, X", max-age=60'), cache_control("max-age=60, private")),
        (cache_control('no-cache="Set-Cookie"'), cache_control('no-cache="Set-Cookie", private')),
        ([("cache-control", "public"), ("Vary", "x")], [("Cache-Control", "private"), ("Vary", "x")]),
        ([("Surrogate-Control", "max-age=60")], cache_control("private")),
        ([("CDN-Cache-Control", "max-age=60"), *cache_control("no-store")], cache_control("no-store")),
        ([("Cloudflare-CDN-Cache-Control", "public")], cache_control("private")),
    ],
)
def test_permission_to_share_is_removed(before: Fields, after: Fields) -> None:
    """R77, R78, R79."""
    assert make_private(before) == after


@pytest.mark.parametrize("value", ["private", "no-store", "Private, max-age=60", "max-age=0, No-Store"])
def test_a_stricter_word_stays(value: str) -> None:
    fields = cache_control(value)
    assert make_private(fields) is fields


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [("Vary", "Cookie")]),
        ([("Vary", "Accept-Encoding")], [("Vary", "Accept-Encoding, Cookie")]),
        (
            [("vary", "Accept"), ("a", "b"), ("Vary", "Origin")],
            [("Vary", "Accept, Origin, Cookie"), ("a", "b")],
        ),
    ],
)
def test_vary_is_merged(before: Fields, after: Fields) -> None:
    """R80."""
    assert vary_on(before, ("Cookie",)) == after


@pytest.mark.parametrize("value", ["*", "cookie", "Accept , COOKIE"])
def test_vary_that_says_it_already_stays(value: str) -> None:
    fields = [("Vary", value)]
    assert vary_on(fields, ("Cookie",)) is fields


@pytest.mark.parametrize(
    ("fields", "shared"),
    [
        ([], False),
        (cache_control("public"), True),
        (cache_control("s-maxage=60"), True),
        (cache_control("max-age=60"), True),
        (cache_control('max-age="60"'), True),
        (cache_control("max-age=soon"), True),
        (cache_control("max-age=0"), False),
        (cache_control("no-cache"), False),
        (cache_control("max-age=60, private"), False),
        (cache_control("public, no-store"), False),
        (cache_control('max-age=60, private="X"'), True),
        ([("Surrogate-Control", "x"), *cache_control("private")], True),
        ([("Expires", "Fri, 31 Dec 2038 23:59:59 GMT")], True),
        ([("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")], False),
        ([("Expires", "0")], False),
        ([("Expires", "Fri, 31 Dec 2038 23:59:59 GMT"), *cache_control("max-age=0")], False),
    ],
)
def test_permission_to_keep_is_found(fields: Fields, shared: bool) -> None:
    assert may_be_shared(fields, NOW) is shared


def test_vary_on_several_fields() -> None:
    assert vary_on([("Vary", "cookie")], ("Cookie", "Accept-Language")) == [
        ("Vary", "cookie, Accept-Language")
    ]
    assert vary_on([], ("Cookie", "Accept-Language")) == [("Vary", "Cookie, Accept-Language")]


def test_private_is_written_where_caches_read_it() -> None:
    """Found by the fuzzer."""
    assert make_private([("Cache-Control", 'max-age="60')]) == [("Cache-Control", 'private, max-age="60')]


def test_vary_is_read_in_any_case_and_with_blanks_and_no_others() -> None:
    message = [("Vary", "ORIGIN,\tcookie ")]
    assert vary_on(message, ("Cookie",)) is message
    assert vary_on([("Vary", "\xa0cookie")], ("Cookie",)) == [("Vary", "cookie, Cookie")]
    assert vary_on([("Vary", "XcookieX")], ("Cookie",)) == [("Vary", "XcookieX, Cookie")]
    two = [("Vary", "Accept"), ("Vary", "Cookie")]
    assert vary_on(two, ("Cookie",)) is two
    both = [("Vary", "Cookie")]
    assert vary_on(both, ("Cookie",)) is both
    assert vary_on(both, ("Cookie", "Accept-Language")) == [("Vary", "Cookie, Accept-Language")]


@pytest.mark.parametrize(
    ("field", "shared"),
    [
        (("Cache-Control", "max-age=\xa00"), True),
        (("Cache-Control", "max-age==0"), True),
        (("Cache-Control", "max-age=X"), True),
        (("Cache-Control", 'max-age="0"'), False),
        (("Cache-Control", "\xa0public"), False),
        (("Cache-Control", "Xpublic"), False),
        (("Expires", "\xa0Fri, 31 Dec 2038 23:59:59 GMT"), False),
        (("Expires", "XFri, 31 Dec 2038 23:59:59 GMTX"), False),
        (("Expires", "\tFri, 31 Dec 2038 23:59:59 GMT "), True),
    ],
)
def test_permission_to_share_is_read_exactly(field: tuple[str, str], shared: bool) -> None:
    assert may_be_shared([field], NOW) is shared


def test_a_response_that_ends_now_is_not_kept() -> None:
    fields = [("Expires", "Fri, 31 Dec 2038 23:59:59 GMT")]
    assert may_be_shared(fields, 2177452798.0) and not may_be_shared(fields, 2177452799.0)


def test_directives_keep_their_letters() -> None:
    assert directives("XaX, b ") == ["XaX", "b"]


def test_a_name_too_long_to_be_cached_is_judged_each_time() -> None:
    long = "X-" + "long" * 20
    for _ in range(2):
        fields = [(long, "public"), ("Cache-Control", "private")]
        assert make_private(fields) is fields
        assert make_private(fields[:1]) == [(long, "public"), ("Cache-Control", "private")]
