"""One request's visit."""

from collections.abc import Callable
from typing import Any

import pytest

from consentgate import NoGate, Policy, PolicyError, ResponseStarted, Visit
from consentgate.consent.verdict import Judge, Reason
from consentgate.testing.visiting import begun
from consentgate.visit import Setting
from tests.conftest import NOW, make_policy

POLICY = make_policy(exempt=True)
JUDGE = Judge(POLICY)


def visit(
    *accepted: str, applies: bool = True, asked_late: Callable[[], object] = lambda: None, **options: Any
) -> Visit:
    setting = Setting(
        JUDGE,
        clock=lambda: NOW,
        applies=applies,
        asked_late=asked_late,
        preferences_path=options.pop("path", "/cookies"),
    )
    standing = JUDGE.undecided
    if accepted:
        standing = JUDGE.standing(POLICY.choose(accepted))
    return begun(setting, standing, **options)


def test_it_is_found_in_the_environ() -> None:
    one = visit()
    assert Visit.from_environ({"consentgate.visit": one}) is one
    for environ in ({}, {"consentgate.visit": "something else"}):
        with pytest.raises(NoGate, match=r"app = policy\.wrap\(app, secret_key=\.\.\.\)"):
            Visit.from_environ(environ)
    with pytest.raises(LookupError):
        Visit.from_environ({})


def test_the_kits_begin_as_a_gates_do() -> None:
    heard: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        visit = environ["consentgate.visit"]
        heard.update((name, getattr(visit, name)) for name in Visit.__slots__)
        return []

    gate = POLICY.wrap(application, secret_key="a key of the test's")
    gate({"SCRIPT_NAME": "/x", "PATH_INFO": "/y", "QUERY_STRING": "z"}, lambda *started: lambda chunk: None)
    own = begun(heard["setting"], heard["standing"], ("/x", "/y", "z", None))
    assert heard == {name: getattr(own, name) for name in Visit.__slots__}


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


def test_before_a_choice() -> None:
    one = visit()
    assert one.allowed == ("necessary", "statistical")
    assert one.needs_choice
    assert one.preferences.answers == ()


def test_choices_change_only_what_they_name() -> None:
    one = visit("internal")
    earlier = one.preferences
    one.accept("statistical", "necessary")
    assert one.allowed == ("necessary", "statistical", "internal")
    assert one.preferences.answer("internal") == earlier.answer("internal")
    assert one.course.chosen_at == int(NOW)
    one.refuse("internal")
    assert one.state("internal") == "refused"
    one.accept_all()
    assert one.allowed == ("necessary", "statistical", "internal", "third-party")
    one.refuse_all()
    assert one.allowed == ("necessary",)
    assert one.state("statistical") == "refused"


def test_several_at_once() -> None:
    one = visit()
    one.choose({"internal": True, "third-party": False})
    assert (one.state("internal"), one.state("third-party"), one.state("statistical")) == (
        "accepted",
        "refused",
        "unset",
    )


@pytest.mark.parametrize("ask", [Visit.allows, Visit.state, Visit.accept, Visit.refuse])
def test_an_unknown_category_is_named_with_the_known_ones(ask: Callable[[Visit, str], object]) -> None:
    with pytest.raises(PolicyError, match="unknown category 'stats'; known are 'necessary', 'statistical'"):
        ask(visit(), "stats")


def test_what_is_necessary_cannot_be_refused() -> None:
    with pytest.raises(PolicyError, match="'necessary' is necessary and cannot be refused"):
        visit().refuse("necessary")


def test_a_choice_that_comes_too_late_says_so() -> None:
    one = visit()
    one.told = ()
    with pytest.raises(ResponseStarted):
        one.accept("internal")
    assert one.course.chosen_at is None


def test_choosing_nothing_is_no_choice() -> None:
    one = visit()
    one.accept()
    one.accept("necessary")
    assert one.course.chosen_at is None


def test_where_the_policy_does_not_apply_everything_is_allowed_and_choices_count() -> None:
    one = visit(applies=False)
    assert one.allows("third-party")
    assert one.allowed == ("necessary", "statistical", "internal", "third-party")
    assert one.explain("zzz").reason is Reason.NOT_APPLICABLE
    assert one.allows_cookie("vid")
    assert not one.needs_choice
    one.refuse_all()
    assert one.state("third-party") == "refused"
    assert one.allows("third-party")


def test_any_question_counts_as_one_and_a_late_first_one_is_reported() -> None:
    late: list[str] = []
    for ask in (
        lambda one: one.preferences,
        lambda one: one.allowed,
        lambda one: one.needs_choice,
        lambda one: one.allows("internal"),
        lambda one: one.allows_cookie("x"),
        lambda one: one.explain("x"),
        lambda one: one.state("internal"),
        lambda one: one.banner(),
    ):
        one = visit(asked_late=lambda: late.append("late"))
        assert one.course.varies == ()
        ask(one)
        assert one.course.varies[0] == "Cookie"
        one.told = ()
        ask(one)
        assert late == []
        other = visit(asked_late=lambda: late.append("late"))
        other.told = ()
        ask(other)
        ask(other)
        assert late == ["late"]
        late.clear()


def test_the_banner_asks_once_and_returns_to_the_page() -> None:
    """R76, R5."""
    one = visit(place=("/mounted app", "/caf\xc3\xa9", "q=<1>&r=%20\xe9", None))
    banner = one.banner()
    assert banner.__html__() == banner
    assert 'action="/mounted%20app/cookies"' in banner
    assert 'value="/mounted%20app/caf%C3%A9?q=%3C1%3E&amp;r=%20%E9#consentgate-done"' in banner
    assert banner.count('<button name="action" value="accept_all">') == 1
    assert banner.count('<button name="action" value="refuse_all">') == 1
    assert 'id="consentgate-done"' in visit("internal").banner()
    assert visit(applies=False).banner() == ""


def test_a_banner_needs_somewhere_to_post_to() -> None:
    with pytest.raises(PolicyError, match="preferences_path is None"):
        visit(path=None).banner()
    banner = visit(path=None).banner(action="/choose")
    assert 'action="/choose"' in banner
    assert "<a " not in banner
    assert 'value="/#consentgate-done"' in banner


def test_forms_and_placeholder_for_a_layout_of_the_sites_own() -> None:
    one = visit(place=("/mounted app", "/privacy", "", None))
    assert one.preferences_url == "/mounted%20app/cookies"
    form = one.form()
    assert 'value="/mounted%20app/privacy"' in form
    assert 'value="/elsewhere"' in one.form(next="/elsewhere")
    assert 'href="/mounted%20app/cookies/style-' in form
    assert 'value="/mounted%20app/privacy#consentgate-place-internal"' in one.placeholder("internal")
    assert 'value="/here#consentgate-done"' in one.banner(next="/here")
    with pytest.raises(PolicyError, match="there is no page of ours"):
        _ = visit(path=None).preferences_url


def test_policies_without_questions_need_no_choice() -> None:
    judge = Judge(Policy([]))
    assert not begun(Setting(judge, clock=lambda: NOW), judge.undecided).needs_choice
