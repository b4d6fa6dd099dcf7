"""A choice made in a request: the answers it leaves. Pure."""

from collections.abc import Collection, Mapping

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.preferences import answers_to
from consentgate.consent.tokens import TokenResult


def amend_answers(
    tokens: TokenResult,
    catalogue: Catalogue,
    answers: Mapping[str, bool | None],
    at: int,
    *,
    denied: Collection[str] = (),
) -> TokenResult | None:
    """Return the visitor's answers after a choice, None if it changes none.

    Answers to categories that it does not name keep their day. While a signal of the browser denies a
    category, no yes is recorded for it.

    Args:
        tokens: the answers before.
        catalogue: says which categories there are.
        answers: category key -> yes, no or None (to take the answer back).
        at: Unix second of the choice.
        denied: keys of the categories that a signal denies.

    Raises:
        PolicyError: an unknown category, or a necessary one refused.
    """
    given = answers_to(catalogue, {key: yes for key, yes in answers.items() if yes is not None}, at)
    given = tuple(each for each in given if not (each.accepted and each.category in denied))
    taken_back = [catalogue.category(key).key for key, yes in answers.items() if yes is None]
    if not (given or taken_back):
        return None
    return tokens._replace(
        preferences=tokens.preferences.replace(given, taken_back),
        changed=tuple(answer for answer in tokens.changed if answer.category not in answers),
        complete=False,
    )


NOT_RECORDED = (
    "a choice was not recorded: the browser held the visitor's earlier answers back, as it does on "
    "cross-site requests and in frames on other sites, and a part of the answers would replace them all"
)

ASKED_LATE = (
    "the application asked its visit for the first time after the response had started: too late to say "
    "`Vary: Cookie`; ask before start_response"
)
