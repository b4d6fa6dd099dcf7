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
    """The value of a preferences cookie; and what a gate has to take it for.

    Attributes:
        kind: ``genuine``; ``outdated``, genuine, but the declarations have changed since, so that each no
            in it stands and no yes does; ``aged``;
            ``future``, dated ahead; ``foreign``, signed with another key; ``tampered``; or ``junk``.
        answers: what it says, category key to yes or no; None if it is not to be believed.
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
        said: Mapping[str, bool],
        now: int,
        at: Callable[[], int] | None = None,
    ) -> "Token":
        """Return what somebody sends who once said so: category key to yes or no.

        To be tampered with, it is genuine first, and then has every no turned into a yes.

        Args:
            serializer: signs.
            kind: one of `MADE`.
            said: the answers.
            now: Unix seconds.
            at: gives the second of each answer, *now* unless given; not asked if *kind* decides it.
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
            for key, yes in said.items()
        )
        if kind == "foreign":
            serializer = type(serializer)(policy, secret_key="the key of somebody else's site")
        text = serializer.dumps(Preferences(answers))
        if kind == "tampered":
            changed = text.replace(".n.", ".y.")
            return cls(changed, kind, dict(said) if changed == text else None)
        believed: Mapping[str, bool] | None = dict(said) if kind == "genuine" else None
        if kind == "outdated":
            believed = {key: False for key, yes in said.items() if not yes}
        elif kind in days and not said:
            believed = {}  # genuine, and without an answer that could be too old
        return cls(text, kind, believed)
