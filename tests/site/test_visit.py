"""One request's visit."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import Category, NoGate, Policy, PolicyError, ResponseStarted, Visit
from consentgate.consent.preferences import Answer
from consentgate.consent.tokens import NO_TOKEN, TokenResult
from consentgate.consent.verdict import Judge, Reason, Situation
from consentgate.rendering.html import Renderer
from consentgate.visit import RequestFacts
from consentgate.visit.choosing import ASKED_LATE, NOT_RECORDED
from tests.conftest import NOW, make_policy

POLICY = make_policy(exempt=True)


class Gate:
    """A gate of which a visit knows no more."""

    def __init__(self, policy: Policy = POLICY, path: str | None = "/cookies") -> None:
        self._judge = Judge(policy)
        self._preferences_path = path
        self._signal_fields: tuple[str, ...] = ()
        self._renderer = Renderer(policy)
        self.warned: list[str] = []

    def _now(self) -> float:
        return NOW

    def _learn_hosts(self, reports: Any) -> None:
        raise AssertionError("nobody reports here")

    def _warn(self, message: str, *arguments: str, about: str | None = None) -> None:
        self.warned.append(message)


def visit(
    *accepted: str,
    gate: Gate | None = None,
    request: RequestFacts | None = None,
    tokens: TokenResult | None = None,
    **situation: Any,
) -> Visit:
    if tokens is None:
        tokens = TokenResult(POLICY.choose(accepted)) if accepted else NO_TOKEN
    found = tokens.situation._replace(**situation)
    return Visit(gate or Gate(), environ_of(request or RequestFacts()), tokens, found)


def environ_of(facts: RequestFacts) -> dict[str, Any]:
    keys = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "HTTP_ACCEPT_LANGUAGE", "RAW_URI")
    return {key: value for key, value in zip(keys, facts, strict=True) if value is not None}


def test_it_is_found_in_the_environ() -> None:
    one = visit()
    assert Visit.from_environ({"consentgate.visit": one}) is one
    for environ in ({}, {"consentgate.visit": "something else"}):
        with pytest.raises(NoGate, match=r"app = policy\.wrap\(app, secret_key=\.\.\.\)"):
            Visit.from_environ(environ)
        assert Visit.from_environ(environ, None) is None
        assert Visit.from_environ(environ, "nothing") == "nothing"
    with pytest.raises(LookupError):
        Visit.from_environ({})


def test_it_answers_for_categories_and_names() -> None:
    one = visit("internal")
    assert one.allowed == ("necessary", "internal")
    assert one.allows("internal")
    assert not one.allows("statistical")
    assert one.allows_cookie("theme")
    assert not one.allows_cookie("_pk_id")
    assert one.state("internal") == "accepted"
    assert one.state("statistical") == "refused"
    assert one.state("necessary") == "unset"
    assert not one.needs_choice
    assert one.preferences.accepts("internal")
    assert one.explain("vid").reason is Reason.REFUSED
    assert one.explain("a=b").reason is Reason.NAMELESS
    assert one.signals == ()


def test_before_a_choice() -> None:
    one = visit()
    assert one.allowed == ("necessary", "statistical")
    assert one.needs_choice
    assert one.preferences.answers == ()


def test_choices_change_only_the_categories_they_name() -> None:
    one = visit("internal")
    earlier = one.preferences
    one.accept("statistical", "necessary")
    assert one.allowed == ("necessary", "statistical", "internal")
    assert one.preferences.answer("internal") == earlier.answer("internal")
    assert one._chosen_at == int(NOW)
    one.refuse("internal")
    assert one.state("internal") == "refused"
    one.accept_all()
    assert one.allowed == ("necessary", "statistical", "internal", "third-party")
    one.refuse_all()
    assert one.allowed == ("necessary",)
    assert one.state("statistical") == "refused"


def test_accepting_all_leaves_an_objection_alone_and_records_no_needless_consent() -> None:
    one = visit()
    one.accept_all()
    assert one.state("statistical") == "unset"
    one.refuse("statistical")
    one.accept_all()
    assert one.state("statistical") == "refused"


def test_answers_can_be_given_and_taken_back_at_once() -> None:
    one = visit("third-party")
    one._choose({"internal": True, "third-party": None})
    assert (one.state("internal"), one.state("third-party"), one.state("statistical")) == (
        "accepted",
        "unset",
        "refused",
    )
    assert one.needs_choice


CHANGED = Answer("internal", True, int(NOW) - 1000, "outdated")


def test_a_yes_that_no_longer_fits_is_kept_until_it_is_answered_anew() -> None:
    tokens = TokenResult(POLICY.choose([]).replace((), ["internal"]), changed=(CHANGED,))
    one = visit(tokens=tokens)
    assert one.state("internal") == "unset"
    assert one.needs_choice
    assert one.explain("theme").reason is Reason.CHANGED
    assert one._view().changed == {"internal": CHANGED.at}
    one.accept("third-party")
    assert one._tokens.changed == (CHANGED,)
    one.refuse("internal")
    assert one._tokens.changed == ()
    assert one.explain("theme").reason is Reason.REFUSED


@pytest.mark.parametrize("ask", [Visit.allows, Visit.state, Visit.accept, Visit.refuse])
def test_an_unknown_category_is_named_with_the_known_ones(ask: Callable[[Visit, str], object]) -> None:
    with pytest.raises(PolicyError, match="unknown category 'stats'; known are 'necessary', 'statistical'"):
        ask(visit(), "stats")


def test_a_necessary_category_cannot_be_refused() -> None:
    with pytest.raises(PolicyError, match="'necessary' is necessary and cannot be refused"):
        visit().refuse("necessary")


def test_a_choice_that_comes_too_late_says_so() -> None:
    one = visit()
    one._response_started = True
    with pytest.raises(ResponseStarted):
        one.accept("internal")
    assert one._chosen_at is None


def test_choosing_nothing_is_no_choice() -> None:
    one = visit()
    one.accept()
    one.accept("necessary")
    assert one._chosen_at is None


def test_everything_is_allowed_and_choices_count_where_the_policy_does_not_apply() -> None:
    one = visit(applies=False)
    assert one.allows("third-party")
    assert one.allowed == ("necessary", "statistical", "internal", "third-party")
    assert one.explain("zzz").reason is Reason.NOT_APPLICABLE
    assert one.allows_cookie("vid")
    assert not one.needs_choice
    one.refuse_all()
    assert one.state("third-party") == "refused"
    assert one.allows("third-party")


CHOICES = [
    lambda one: one.accept("internal"),
    lambda one: one.refuse("internal"),
    lambda one: one.accept_all(),
    lambda one: one._choose({"internal": None}),
]


@pytest.mark.parametrize("choose", CHOICES)
def test_a_partial_choice_is_not_recorded_while_the_browser_holds_the_answers_back(
    choose: Callable[[Visit], object],
) -> None:
    gate = Gate()
    one = visit(gate=gate, withheld=True)
    assert one.allowed == ("necessary",)
    assert not one.needs_choice
    choose(one)
    assert one._chosen_at is None
    assert gate.warned == [NOT_RECORDED]
    one.refuse_all()
    assert one._chosen_at == int(NOW)
    assert one.state("internal") == "refused"


@given(st.sets(st.sampled_from(["statistical", "internal", "third-party"])))
def test_no_choice_records_a_yes_that_a_signal_denies(denied: set[str]) -> None:
    one = visit(denied=frozenset(denied))
    one.accept_all()
    one.accept("statistical")
    one._choose(dict.fromkeys(denied, True))
    assert not any(one.state(key) == "accepted" for key in denied)
    assert not denied & set(one.allowed)


def test_any_question_counts_as_one_and_a_late_first_one_is_reported() -> None:
    for ask in (
        lambda one: one.preferences,
        lambda one: one.allowed,
        lambda one: one.needs_choice,
        lambda one: one.allows("internal"),
        lambda one: one.allows_cookie("x"),
        lambda one: one.explain("x"),
        lambda one: one.state("internal"),
        lambda one: one.signals,
        lambda one: one.banner(),
    ):
        gate = Gate()
        one = visit(gate=gate)
        assert one._vary_fields == ()
        ask(one)
        assert one._vary_fields[0] == "Cookie"
        one._response_started = True
        ask(one)
        assert gate.warned == []
        other = visit(gate=gate)
        other._response_started = True
        ask(other)
        ask(other)
        assert gate.warned == [ASKED_LATE]


def next_of(banner: str) -> str:
    return banner.partition('name="next" value="')[2].partition('"')[0].partition("#")[0]


@pytest.mark.parametrize(
    ("request_facts", "back"),
    [
        (
            RequestFacts("/mounted app", "/caf\xc3\xa9", "q=<1>&r=%20\xe9"),
            "/mounted%20app/caf%C3%A9?q=%3C1%3E&amp;r=%20%E9",
        ),
        (RequestFacts("", "/a/b", "", "GET", None, "/a%2Fb"), "/a%2Fb"),
        (RequestFacts("", "/a/b", "c=d", "GET", None, "/other%2Fpage"), "/a/b?c=d"),
        (RequestFacts("//evil.example", "/a"), "/evil.example/a"),
        (RequestFacts("", "/form", "", "POST"), "/cookies"),
        (RequestFacts("/mount", "/form", "", "POST"), "/mount/cookies"),
    ],
)
def test_the_banner_returns_to_the_page_or_where_that_answered_a_form_to_the_preferences(
    request_facts: RequestFacts, back: str
) -> None:
    assert next_of(visit(request=request_facts).banner()) == back


def test_the_banner_is_markup_and_asks_once() -> None:
    """R76, R5."""
    banner = visit(request=RequestFacts("/mounted app")).banner()
    assert banner.__html__() == banner
    assert 'action="/mounted%20app/cookies"' in banner
    assert banner.count('value="accept_all"') == 1
    assert banner.count('value="refuse_all"') == 1
    assert 'id="consentgate-done"' in visit("internal").banner()
    assert visit(applies=False).banner() == ""
    assert next_of(visit().banner(next="/shop")) == "/shop"


def test_a_banner_needs_somewhere_to_post_to() -> None:
    with pytest.raises(PolicyError, match="preferences_path is None"):
        visit(gate=Gate(path=None)).banner()
    assert 'action=""' in visit(gate=Gate(path=None)).banner(action="")  # posts to its own page
    banner = visit(gate=Gate(path=None)).banner(action="/choose")
    assert 'action="/choose"' in banner
    assert next_of(banner) == "/"
    assert "<a " not in banner


def test_forms_and_placeholder_are_for_a_layout_of_the_sites_own() -> None:
    one = visit(request=RequestFacts("/mounted app", "/privacy"))
    assert one.preferences_url == "/mounted%20app/cookies"
    form = one.form()
    assert 'value="/mounted%20app/privacy"' in form
    assert 'value="/elsewhere"' in one.form(next="/elsewhere")
    assert 'href="/mounted%20app/cookies/style-' in form
    assert 'value="/mounted%20app/privacy#consentgate-place-internal"' in one.placeholder("internal")
    assert 'value="/here#consentgate-done"' in one.banner(next="/here")
    for ask in (lambda: visit(gate=Gate(path=None)).preferences_url, visit(gate=Gate(path=None)).form):
        with pytest.raises(PolicyError, match="there is no page to lead to"):
            ask()


def test_policies_without_questions_need_no_choice() -> None:
    for policy in (Policy([]), Policy([Category("empty")])):
        assert not Visit(Gate(policy), {}, NO_TOKEN, Situation()).needs_choice
