"""A preferences cookie's value that knows what it is, genuine or not."""

from collections.abc import Callable, Mapping
from typing import Literal

from consentgate.consent.preferences import LEEWAY, Answer, Preferences
from consentgate.consent.signing import PreferencesSerializer

Kind = Literal["genuine", "outdated", "aged", "future", "foreign", "tampered", "junk"]

MADE: tuple[Kind, ...] = ("genuine", "outdated", "aged", "future", "foreign", "tampered")
"""The kinds that `Token.made` makes."""

KINDS: tuple[Kind, ...] = (*MADE, "junk")


class Token(str):
    """The value of a preferences cookie, with its kind and the answers that a gate must read from it.

    Attributes:
        kind: ``genuine``; ``outdated``: genuine, but the declarations have changed since, so that each no
            in it counts and no yes does; ``aged``: older than its lifetime; ``future``: dated ahead;
            ``foreign``: signed with another key; ``tampered``; or ``junk``.
        answers: the answers in it, category key to yes or no; None if it must not verify.
    """

    kind: Kind
    answers: Mapping[str, bool] | None

    def __new__(cls, text: str, kind: Kind, answers: Mapping[str, bool] | None) -> "Token":
        """Return *text* as a token."""
        token = super().__new__(cls, text)
        token.kind = kind
        token.answers = answers
        return token

    def __repr__(self) -> str:
        return f"<{self.kind} token saying {self.answers}: {str.__repr__(self)}>"

    @classmethod
    def made(
        cls,
        serializer: PreferencesSerializer,
        kind: Kind,
        given: Mapping[str, bool],
        now: int,
        at: Callable[[], int] | None = None,
    ) -> "Token":
        """Return the token of a visitor who gave these answers.

        A tampered one is a genuine one in which every no was turned into a yes.

        Args:
            serializer: signs.
            kind: one of `MADE`.
            given: the answers, category key to yes or no.
            now: Unix seconds.
            at: returns the Unix second of each answer; *now* unless given, ignored if *kind* decides.
        """
        policy = serializer.policy
        lifetime = int(policy.cookie_lifetime.total_seconds())
        days = {"aged": now - lifetime - 3600, "future": now + LEEWAY + 3600}
        answers = tuple(
            Answer(
                key,
                yes,
                days[kind] if kind in days else now if at is None else at(),
                "outdated" if kind == "outdated" else policy.digests[key],
            )
            for key, yes in given.items()
        )
        if kind == "foreign":
            serializer = type(serializer)(policy, secret_key="the key of somebody else's site")
        text = serializer.dumps(Preferences(answers))
        if kind == "tampered":
            changed = text.replace(".n.", ".y.")
            return cls(changed, kind, dict(given) if changed == text else None)
        verified: Mapping[str, bool] | None = dict(given) if kind == "genuine" else None
        if kind == "outdated":
            verified = {key: False for key, yes in given.items() if not yes}
        elif kind in days and not given:
            verified = {}  # genuine, and without an answer that could be too old
        return cls(text, kind, verified)
