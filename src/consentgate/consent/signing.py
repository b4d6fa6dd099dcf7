"""Preferences as the value of a signed cookie, and back. The only door to itsdangerous.

The text is ``1.<key>.<y|n>.<Unix second>.<digest>`` with four fields for each answer, a dot, and the
signature: HMAC-SHA-256 in URL-safe base64. Every character may stand in a cookie-value (R42).
"""

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Iterable

from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm

from consentgate.catalogue.catalogue import Catalogue
from consentgate.errors import BadPreferences, PolicyError
from consentgate.headers.cookie import LARGEST_PAIR

from .preferences import Answer, Preferences

SHORTEST_KEY = 16
"""Bytes a secret key must have."""

LEEWAY = 60
"""Seconds an answer may lie in the future: clocks of several servers differ."""

_FORMAT = "1"

_SIGNATURE = 44  # characters, its dot included
_PAYLOAD, _DOT, _MAC = slice(-_SIGNATURE), slice(-_SIGNATURE, 1 - _SIGNATURE), slice(1 - _SIGNATURE, None)

_URL_SAFE = bytes.maketrans(b"+/", b"-_")

SecretKey = str | bytes


class _PreparedHMAC(SigningAlgorithm):
    """HMAC-SHA-256 that copies a prepared state for each text, instead of scheduling the key anew."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._states = {key: hmac.new(key, digestmod=hashlib.sha256) for key in keys}

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        state = self._states[key].copy()
        state.update(value)
        return state.digest()

    def text(self, key: bytes, value: bytes) -> bytes:
        """Return the signature as the signer writes it (RFC 4648 5, no padding), in fewer steps."""
        signature = b2a_base64(self.get_signature(key, value), newline=False)
        return signature[:-1].translate(_URL_SAFE)


class PreferencesSerializer:
    """Sign preferences and read them back, under one policy and its keys.

    Args:
        policy: says which categories can be answered, and what the cookie is called.
        secret_key: signs; at least 16 bytes. A key the site uses elsewhere may be used here too: what
            is signed is bound to the cookie's name by a salt of our own.
        secret_key_fallbacks: earlier keys, which only verify.

    Raises:
        PolicyError: a key is too short or none.
    """

    def __init__(
        self,
        policy: Catalogue,
        *,
        secret_key: SecretKey,
        secret_key_fallbacks: Iterable[SecretKey] | None = (),
    ) -> None:
        secrets = [_checked_key("secret_key", secret_key)]
        secrets += [_checked_key("secret_key_fallbacks", key) for key in _several(secret_key_fallbacks)]
        salt = f"consentgate.{policy.cookie_name}".encode()
        self.policy = policy
        self._keys = tuple(_derived(secret, salt) for secret in secrets)
        self._algorithm = _PreparedHMAC(self._keys)
        # The key is derived above, once.
        self._signer = Signer(self._keys[0], salt=salt, key_derivation="none", algorithm=self._algorithm)
        self.longest = max(1024, longest_text(policy))
        self._lifetime = int(policy.cookie_lifetime.total_seconds())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PreferencesSerializer):
            return NotImplemented
        return self._keys == other._keys and self.policy == other.policy

    def __hash__(self) -> int:
        return hash((self._keys, self.policy))

    def dumps(self, preferences: Preferences) -> str:
        """Return *preferences* as a signed text, fit for a cookie-value.

        Raises:
            PolicyError: an answer is to a category this policy does not ask about.
        """
        fields = [_FORMAT]
        for answer in preferences.answers:
            if answer.category not in self.policy.digests:
                raise PolicyError(f"an answer to what is not asked here: {answer.category!r}")
            yes_no = "y" if answer.accepted else "n"
            fields += [answer.category, yes_no, str(answer.at), answer.digest]
        return self._signer.sign(".".join(fields)).decode("ascii")

    def loads(self, text: str, *, now: float | None = None) -> Preferences:
        """Return the preferences signed in *text*.

        Answers to categories that are not declared here, or whose declaration has changed since, are
        left out one by one (R13). With *now*, in Unix seconds, so are those past `cookie_lifetime`.

        Raises:
            BadPreferences: not genuine; or, with *now*, dated more than a minute ahead, or too old
                in every answer.
        """
        payload = self.verified(text)
        if payload is None:
            raise BadPreferences("its signature does not verify")
        return self.said(payload, now=now)

    def said(self, payload: str, *, now: float | None = None) -> Preferences:
        """Return what a genuine text says, as `loads` does.

        Raises:
            BadPreferences: it is of another format than ours; or what `loads` raises it for.
        """
        columns = columns_of(payload)
        if columns is None:
            raise BadPreferences("not of this format")
        categories, accepted, seconds, digests = columns
        answers = [*map(Answer, categories, accepted, map(int, seconds), digests)]
        if now is not None:
            answers = self._in_time(answers, now)
        declared = self.policy.digests
        return Preferences(
            tuple(answer for answer in answers if declared.get(answer.category) == answer.digest)
        )

    def verified(self, text: str) -> str | None:
        """Return what is signed in *text*; None unless it is genuine.

        Its signature is compared as text with the one we would write, so that one text has one spelling.
        """
        if len(text) > self.longest or text[_DOT] != "." or not text.isascii():
            return None
        octets = text.encode()
        signed, signature = octets[_PAYLOAD], octets[_MAC]
        for key in self._keys:
            if hmac.compare_digest(self._algorithm.text(key, signed), signature):
                return text[_PAYLOAD]
        return None

    def _in_time(self, answers: list[Answer], now: float) -> list[Answer]:
        if answers and max(answer.at for answer in answers) > now + LEEWAY:
            raise BadPreferences("dated in the future")
        valid = [answer for answer in answers if now < answer.at + self._lifetime]
        if answers and not valid:
            raise BadPreferences("too old")
        return valid


def longest_text(policy: Catalogue) -> int:
    """Return how many characters the signed answers to everything in *policy* may have."""
    answers = sum(len(key) + len(".") * 4 + len("y") + len("9999999999") + 8 for key in policy.digests)
    return len(_FORMAT) + answers + _SIGNATURE


def check_fits(policy: Catalogue) -> None:
    """Raise PolicyError if the answers to everything in *policy* would not fit a cookie (R42)."""
    size = len(policy.cookie_name) + longest_text(policy)
    if size > LARGEST_PAIR:
        raise PolicyError(
            f"{len(policy.digests)} categories to choose make a preferences cookie of {size} octets; "
            f"browsers keep {LARGEST_PAIR}"
        )


Columns = tuple[tuple[str, ...], tuple[bool, ...], tuple[str, ...], tuple[str, ...]]


def columns_of(payload: str) -> Columns | None:
    """Return a genuine text's categories, yeses, seconds and digests; None if it is not of our format."""
    version, *fields = payload.split(".")
    if version != _FORMAT or len(fields) % 4:
        return None
    accepted = tuple([each == "y" for each in fields[1::4]])
    return tuple(fields[0::4]), accepted, tuple(fields[2::4]), tuple(fields[3::4])


def undated(payload: str) -> tuple[str, str]:
    """Return a genuine text without the Unix second of its first answer, wherever that stands; and that.

    >>> undated("1.a.y.1700000000.2kBz7vYd.b.n.1700000000.Vk1qJ0aB")
    ('1.a.y..2kBz7vYd.b.n..Vk1qJ0aB', '1700000000')
    """
    second = payload.split(".", 4)[3] if "." in payload else ""
    return payload.replace(f".{second}.", ".."), second


def _derived(secret: bytes, salt: bytes) -> bytes:
    """Return the key for this use alone: itsdangerous' own derivation, done once."""
    signer = Signer(secret, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)
    return signer.derive_key()


def _checked_key(option: str, key: object) -> bytes:
    if isinstance(key, str):
        try:
            key = key.encode("utf-8")
        except UnicodeEncodeError:
            raise PolicyError(f"{option}: not a text that can be encoded") from None
    if not isinstance(key, bytes):
        raise PolicyError(f"{option} must be str or bytes, not {type(key).__name__}")
    if len(key) < SHORTEST_KEY:
        raise PolicyError(
            f"{option} has {len(key)} bytes, {SHORTEST_KEY} are needed; "
            "`consentgate keygen` prints a good one"
        )
    return key


def _several(keys: Iterable[SecretKey] | None) -> list[SecretKey]:
    if isinstance(keys, (str, bytes)):
        raise PolicyError("secret_key_fallbacks must be a list of keys, not one key")
    try:
        return list(keys or ())
    except TypeError:
        raise PolicyError(f"secret_key_fallbacks must be a list of keys, not {keys!r}") from None
