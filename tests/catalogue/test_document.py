"""The octets of a policy file: read as TOML, or refused with what they are and how to mend them."""

import codecs
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import PolicyError
from consentgate.catalogue.document import parse_document

TOML = 'title = "Politique de confidentialité"\n'
TABLE = {"title": "Politique de confidentialité"}


def refusal(octets: bytes) -> str:
    with pytest.raises(PolicyError) as caught:
        parse_document(octets, "policy.toml")
    message = str(caught.value)
    assert message.startswith("policy.toml: not TOML: ")
    return message.removeprefix("policy.toml: not TOML: ")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_byte_order_mark_before_utf_8_is_left_out(line_end: str) -> None:
    octets = TOML.replace("\n", line_end).encode()
    assert parse_document(octets, "policy.toml") == TABLE
    assert parse_document(codecs.BOM_UTF8 + octets, "policy.toml") == TABLE


@pytest.mark.parametrize(
    "octets", [TOML.encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")]
)
def test_another_encoding_is_named(octets: bytes) -> None:
    assert refusal(octets) == "it is encoded in UTF-16 or UTF-32; save it as UTF-8"


def test_octets_that_are_no_utf_8_are_found() -> None:
    assert refusal(b"a = 1\n" + TOML.encode("latin-1")) == "line 2 is not UTF-8; save the file as UTF-8"


@pytest.mark.parametrize("policy", [{"title": "x"}, [{"key": "a"}]])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_named(policy: object, indent: int | None) -> None:
    said = refusal(json.dumps(policy, indent=indent).encode())
    assert said.startswith("it begins as JSON does; write it as TOML")
    assert "Policy.from_dict()" in said


def test_a_mistake_in_toml_has_its_line() -> None:
    assert "line 2" in refusal(b"a = 1\nb = \n")


@pytest.mark.parametrize(
    "begins", ["[[category]]\nkey = 'a'", "[strings.fr]", "  [title]\nen = 'x'", "# {", ""]
)
def test_a_table_is_not_taken_for_json(begins: str) -> None:
    assert isinstance(parse_document(begins.encode(), "policy.toml"), dict)


@given(st.binary(max_size=60))
@example(b"\x00")
@example(b"{")
@example(b"a = " + b"1" * 5000)
@example(b"\xef\xbb\xbf\xef\xbb\xbf")
def test_any_octets_are_a_table_or_a_policy_error(octets: bytes) -> None:
    try:
        assert isinstance(parse_document(octets, "policy.toml"), dict)
    except PolicyError as error:
        assert str(error).startswith("policy.toml: not TOML: ")
        assert "\n" not in str(error)
