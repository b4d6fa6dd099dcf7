"""Preferences as the value of a signed cookie, and back. The only door to itsdangerous.

The text is ``1.<key>.<y|n>.<Unix second>.<digest>`` with four fields for each answer, a dot, and the
signature: HMAC-SHA-256 in URL-safe base64. Every character may stand in a cookie-value (R42).
"""

import hashlib
import hmac
from collections.abc import Iterable

from itsdangerous import Signer

from consentgate.catalogue.catalogue import Catalogue
from consentgate.errors import BadPreferences, PolicyError
from consentgate.headers.cookie import LARGEST_PAIR

from .preferences import Answer, Preferences, judge_answers

SHORTEST_KEY = 16
"""Bytes a secret key must have."""

_FORMAT = "1"

_SIGNATURE_LENGTH = 43
"""Characters of a signature: 32 bytes in base64 without padding."""

_LONGEST_TEXT = 1024
"""Characters of a text that are read at least, whatever the policy: some would verify, and be outdated."""

SecretKey = str | bytes


class PreferencesSerializer:
    """Sign preferences and read them back, under one policy and its keys.

    Args:
        policy: says which categories can be answered, and the cookie's name.
        secret_key: signs; at least 16 bytes. A key the site uses elsewhere may be used here too: the
            salt, which holds the cookie's name, separates them.
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
        secrets = [check_key("secret_key", secret_key), *check_fallbacks(secret_key_fallbacks)]
        salt = f"consentgate.{policy.cookie_name}".encode()
        self.policy = policy
        self._keys = tuple(_derive_key(secret, salt) for secret in secrets)
        # The keys are derived above, once.
        self._signers = [
            Signer(key, key_derivation="none", digest_method=hashlib.sha256) for key in self._keys
        ]
        self._longest = max(_LONGEST_TEXT, longest_text(policy))

    def __repr__(self) -> str:
        return f"<PreferencesSerializer of {self.policy.cookie_name!r}, {len(self._keys)} keys>"

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
                raise PolicyError(f"an answer to a category that is not asked here: {answer.category!r}")
            yes_no = "y" if answer.accepted else "n"
            fields += [answer.category, yes_no, str(answer.at), answer.digest]
        return self._signers[0].sign(".".join(fields)).decode("ascii")

    def loads(self, text: str, *, now: float | None = None) -> Preferences:
        """Return the preferences signed in *text*.

        Answers to categories that are not declared here are left out, and so is each yes to a category
        that has changed since (R13). With *now*, in Unix seconds, so are those past `cookie_lifetime`.

        Raises:
            BadPreferences: not genuine; or, with *now*, dated more than a minute ahead, or too old
                in every answer.
        """
        answers = self.verify(text)
        if answers is None:
            raise BadPreferences("its signature does not verify")
        return judge_answers(answers, self.policy, now).valid

    def verify(self, text: str) -> tuple[Answer, ...] | None:
        """Return every answer signed in *text*; None unless it is genuine and of our format.

        The signature is compared as text with the one we would write, so that one text has one spelling.
        """
        if len(text) > self._longest or not text.isascii():
            return None
        payload, dot, signature = text.rpartition(".")
        octets = payload.encode()
        if dot and any(
            hmac.compare_digest(signer.get_signature(octets), signature.encode()) for signer in self._signers
        ):
            return parse_payload(payload)
        return None


def parse_payload(payload: str) -> tuple[Answer, ...] | None:
    """Return the answers in a payload, the text before its signature; None if it is not of our format.

    >>> parse_payload("1.ads.y.1763900000.2kBz7vYd")
    (Answer(category='ads', accepted=True, at=1763900000, digest='2kBz7vYd'),)
    """
    version, *fields = payload.split(".")
    if version != _FORMAT or len(fields) % 4 or not payload.isascii():
        return None
    answers: list[Answer] = []
    each = iter(fields)
    for category, yes_no, second, digest in zip(each, each, each, each, strict=True):
        if not second.isdigit() or len(second) > 12:
            return None
        answers.append(Answer(category, yes_no == "y", int(second), digest))
    return tuple(answers)


def is_well_formed(text: str) -> bool:
    """Return whether *text* looks like one of ours, whoever signed it.

    >>> is_well_formed("1.ads.y.1763900000.2kBz7vYd." + 43 * "x"), is_well_formed("junk")
    (True, False)
    """
    payload, _, signature = text.rpartition(".")
    return len(signature) == _SIGNATURE_LENGTH and parse_payload(payload) is not None


def longest_text(policy: Catalogue) -> int:
    """Return how many characters the signed answers to everything in *policy* may have."""
    answers = sum(len(key) + len(".") * 4 + len("y") + len("9999999999") + 8 for key in policy.digests)
    return len(_FORMAT) + answers + len(".") + _SIGNATURE_LENGTH


def check_fits(policy: Catalogue) -> None:
    """Raise PolicyError if the answers to everything in *policy* would not fit a cookie (R42)."""
    size = len(policy.cookie_name) + longest_text(policy)
    if size > LARGEST_PAIR:
        raise PolicyError(
            f"{len(policy.digests)} categories to choose make a preferences cookie of {size} octets; "
            f"browsers keep {LARGEST_PAIR}"
        )


def _derive_key(secret: bytes, salt: bytes) -> bytes:
    """Return the key for this use alone: itsdangerous' own derivation, done once."""
    signer = Signer(secret, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)
    return signer.derive_key()


def check_key(option: str, key: object) -> bytes:
    """Return *key* as bytes.

    Raises:
        PolicyError: it is none, or too short; naming *option*.
    """
    if isinstance(key, str):
        try:
            key = key.encode("utf-8")
        except UnicodeEncodeError:
            raise PolicyError(f"{option}: not a text that can be encoded") from None
    if key is None:
        raise PolicyError(
            f"{option} is None: is the framework's own key set (Flask: app.secret_key or SECRET_KEY; "
            "Django: settings.SECRET_KEY)? `consentgate keygen` prints a new one"
        )
    if not isinstance(key, bytes):
        raise PolicyError(f"{option} must be str or bytes, not {type(key).__name__}")
    if len(key) < SHORTEST_KEY:
        raise PolicyError(
            f"{option} has {len(key)} bytes, {SHORTEST_KEY} are needed; "
            "`consentgate keygen` prints a good one"
        )
    return key


def check_fallbacks(keys: Iterable[SecretKey] | None) -> list[bytes]:
    """Return the earlier keys as bytes.

    Raises:
        PolicyError: not a list of keys, or one of them is none.
    """
    if isinstance(keys, (str, bytes)):
        raise PolicyError("secret_key_fallbacks must be a list of keys, not one key")
    try:
        several = list(keys or ())
    except TypeError:
        raise PolicyError(f"secret_key_fallbacks must be a list of keys, not {keys!r}") from None
    return [check_key("secret_key_fallbacks", key) for key in several]
