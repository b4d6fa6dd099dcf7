"""Machine-made words, by the look of them."""

import pytest
from hypothesis import given

from consentgate.drift.machine_words import find_machine_made, is_unpronounceable
from tests.strategies import ANY_TEXT


@given(ANY_TEXT)
def test_the_part_lies_in_the_name(name: str) -> None:
    part = find_machine_made(name)
    assert part is None or 0 <= part[0] < part[1] <= len(name)


@pytest.mark.parametrize(
    ("name", "framed"),
    [
        ("_ga_5C2V8LB6VY", "_ga_*"),
        ("_ga_NWQZKHKHNW", "_ga_*"),
        ("_pk_id.1.1fff", "_pk_id.*"),
        ("_pk_ses.12.a1b2", "_pk_ses.*"),
        ("_gat_UA-1234-5", "_gat_UA-*"),
        ("visitor_id12345", "visitor_id*"),
        ("visitor_id12345-hash", "visitor_id*-hash"),
        ("TS01a2b3c4", "TS*"),
        ("SSESSf4658104df0a886882b55351276804a8", "SSESS*"),
        ("mp_f4658104df0a886882b55351276804a8_mixpanel", "mp_*_mixpanel"),
        ("id-6f1e9c0b-7a51-4a3e-9b77-0d4f1c2ab3de", "id-*"),
        ("wp-settings-time-1", "wp-settings-time-*"),
        ("a%20b", None),
        ("csrftoken", None),
        ("Internationalization", None),
        ("qwrtzpsdfghjklxcvb", "*"),
        ("abc-Zx8q9Lw2", "abc-*"),
        ("item-ab12efghijklmnop", "item-*"),
        ("x-a1b2", "x-*"),
        ("", None),
    ],
)
def test_this_part_is_cut_out(name: str, framed: str | None) -> None:
    part = find_machine_made(name)
    assert (part and f"{name[: part[0]]}*{name[part[1] :]}") == framed


def test_some_words_cannot_be_pronounced() -> None:
    assert is_unpronounceable("BCDFG") and is_unpronounceable("qat")
    assert not is_unpronounceable("queue") and not is_unpronounceable("session")
