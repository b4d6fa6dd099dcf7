"""A site over the years, its visitors, and an oracle that knows only the law."""

import io
import json
from typing import Any, NamedTuple
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from consentgate import Basis, Category, Policy, Visit
from consentgate.testing import Jar
from consentgate.testing.driving import cookies_in, drive, environ_for, set_cookies
from tests.conftest import ATTESTED, NOW, PROFILE

HOST = "https://www.example.org"
SIBLING = "https://shop.example.org"
KEYS = ("a", "b", "c", "d")
DAY = 24 * 3600
LIFETIME = 182 * DAY

message = st.dictionaries(st.sampled_from(KEYS), st.booleans(), min_size=1)


class Declared(NamedTuple):
    """All of a category that a yes or no is bound to (R13)."""

    cookies: tuple[str, ...]
    exempt: bool = False
    revision: int = 1


class SignedAnswers(NamedTuple):
    """One answer, as the law sees it."""

    yes: bool
    at: int
    to: Declared


class Token(NamedTuple):
    """Answers that the site once signed, and the key it used."""

    key: int
    answers: dict[str, SignedAnswers]


class Oracle:
    """Knows what was signed, what is declared, and the law; nothing of how the gate does it."""

    def __init__(self) -> None:
        self.signed: dict[str, Token] = {}
        self.declared: dict[str, Declared] = {}
        self.keys: list[int] = [0]

    def valid(self, value: str, now: int) -> dict[str, SignedAnswers] | None:
        """Return the answers in a preferences cookie that still count; None if it does not verify."""
        token = self.signed.get(value)
        if token is None or token.key not in self.keys:
            return None
        young = {key: each for key, each in token.answers.items() if now < each.at + LIFETIME}
        if token.answers and not young:
            return None
        return {key: each for key, each in young.items() if self.counts(key, each)}

    def counts(self, key: str, each: SignedAnswers) -> bool:
        """A no stands whatever changes; a yes is to one declaration."""
        return key in self.declared and (not each.yes or self.declared[key] == each.to)

    def carried(self, values: list[str], now: int) -> dict[str, SignedAnswers]:
        """Return each yes to a declaration that has changed: it does not count, and is kept."""
        return {
            key: each
            for value in dict.fromkeys(values)
            if self.valid(value, now) is not None
            for key, each in self.signed[value].answers.items()
            if now < each.at + LIFETIME and key in self.declared and not self.counts(key, each)
        }

    def agreed(self, values: list[str], now: int) -> dict[str, SignedAnswers]:
        """Return what all believed cookies allow: any no stands, a yes only if it is in them all."""
        verified = [each for each in (self.valid(value, now) for value in set(values)) if each is not None]
        agreed: dict[str, SignedAnswers] = {}
        for key in self.declared:
            answers = [each[key] for each in verified if key in each]
            refusals = [each for each in answers if not each.yes]
            if refusals or (answers and len(answers) == len(verified)):
                agreed[key] = min(refusals or answers, key=lambda each: each.at)
        return agreed

    def allows(self, key: str, answers: dict[str, SignedAnswers]) -> bool:
        if self.declared[key].exempt:
            return key not in answers or answers[key].yes
        return key in answers and answers[key].yes

    def allowed_names(self, answers: dict[str, SignedAnswers]) -> set[str]:
        allowed = (key for key in self.declared if self.allows(key, answers))
        return {"sid", *(name for key in allowed for name in self.declared[key].cookies)}

    def declared_names(self) -> set[str]:
        return {name for each in self.declared.values() for name in each.cookies}


class Life(RuleBasedStateMachine):
    """Everything that happens to a site, in any order."""

    visitors = Bundle("visitors")

    @initialize(exempt=st.booleans())
    def open_the_site(self, exempt: bool) -> None:
        self.now = int(NOW)
        self.clock = mock.patch("time.time", lambda: float(self.now))
        self.clock.start()
        self.oracle = Oracle()
        self.oracle.declared = {"a": Declared(("_ga", "_gid")), "b": Declared(("theme",), exempt)}
        self.jars: list[Jar] = []
        self._rewire()

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.stop()

    def _rewire(self) -> None:
        """Start the site anew, with what it declares now and the keys it has now."""
        categories = [
            Category(
                key,
                basis=Basis.EXEMPT if declared.exempt else Basis.CONSENT,
                attestation=ATTESTED if declared.exempt else None,
                cookies=declared.cookies,
                revision=declared.revision,
            )
            for key, declared in self.oracle.declared.items()
        ]
        necessary = Category("necessary", basis=Basis.NECESSARY, cookies=["sid"])
        newest, *earlier = [f"the site's key number {number}" for number in reversed(self.oracle.keys)]
        policy = Policy([necessary, *categories])
        self.gate = policy.wrap(self._application, secret_key=newest, secret_key_fallbacks=earlier)

    def _application(self, environ: Any, start_response: Any) -> Any:
        self.read = list(cookies_in(environ.get("HTTP_COOKIE", "")))
        visit = Visit.from_environ(environ)
        if choice := environ.get("model.choice"):
            visit._choose(choice)
        self.states = {key: visit.state(key) for key in self.oracle.declared}
        names = ["sid", *sorted(self.oracle.declared_names()), "undeclared"]
        start_response("200 OK", [("Set-Cookie", f"{name}=set; Path=/") for name in names])
        return [b""]

    # Actions of visitors

    @rule(target=visitors)
    def come(self) -> int:
        self.jars.append(Jar())
        return len(self.jars) - 1

    @rule(visitor=visitors)
    def look(self, visitor: int) -> None:
        self._ask(visitor, "/", {})

    @rule(visitor=visitors, message=message)
    def choose_in_the_application(self, visitor: int, message: dict[str, bool]) -> None:
        choice = {key: yes for key, yes in message.items() if key in self.oracle.declared}
        self._ask(visitor, "/", choice)

    @rule(visitor=visitors, accepted=st.sets(st.sampled_from(KEYS)))
    def choose_on_the_page(self, visitor: int, accepted: set[str]) -> None:
        choice = {key: key in accepted for key in self.oracle.declared}
        body = json.dumps(
            {"action": "save", "categories": [key for key, yes in choice.items() if yes]}
        ).encode()
        post = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "HTTP_SEC_FETCH_SITE": "same-origin",
        }
        self._ask(visitor, "/cookies", choice, **post)

    @rule(visitor=visitors, name=st.sampled_from(["_ga", "theme", "undeclared", "SID", "sid"]))
    def script_sets_a_cookie(self, visitor: int, name: str) -> None:
        self.jars[visitor].put(name, "by a script", HOST)

    @rule(visitor=visitors, data=st.data())
    def put_back_any_signed_token(self, visitor: int, data: st.DataObject) -> None:
        """One's own from earlier, or somebody else's: they are bearer values (P4)."""
        if self.oracle.signed:
            value = data.draw(st.sampled_from(sorted(self.oracle.signed)))
            self.jars[visitor].put("cookies_preferences", value, HOST)

    @rule(visitor=visitors, data=st.data())
    def sibling_plants_a_token(self, visitor: int, data: st.DataObject) -> None:
        values = [*sorted(self.oracle.signed), "1.a.y.1763900000.AAAAAAAA.forged"]
        planted = f"cookies_preferences={data.draw(st.sampled_from(values))}; Domain=example.org; Path=/"
        self.jars[visitor].store(planted, SIBLING, now=self.now)

    @rule(visitor=visitors)
    def tamper(self, visitor: int) -> None:
        jar = self.jars[visitor]
        if "cookies_preferences" in jar:
            changed = jar["cookies_preferences"].replace(".n.", ".y.") + "x"
            jar.put("cookies_preferences", changed, HOST)

    # Actions of the site, and time

    @rule(days=st.sampled_from([1, 30, 181, 182, 183]), seconds=st.integers(-1, 1))
    def time_passes(self, days: int, seconds: int) -> None:
        self.now += days * DAY + seconds

    @rule(key=st.sampled_from(KEYS), exempt=st.booleans())
    def declare_a_category(self, key: str, exempt: bool) -> None:
        self.oracle.declared.setdefault(key, Declared((self._free_name(),), exempt))
        self._rewire()

    @rule(data=st.data())
    def remove_a_category(self, data: st.DataObject) -> None:
        if self.oracle.declared:
            del self.oracle.declared[data.draw(st.sampled_from(sorted(self.oracle.declared)))]
            self._rewire()

    @rule(data=st.data(), new=st.sampled_from(KEYS))
    def rename_a_category(self, data: st.DataObject, new: str) -> None:
        if self.oracle.declared and new not in self.oracle.declared:
            old = data.draw(st.sampled_from(sorted(self.oracle.declared)))
            self.oracle.declared[new] = self.oracle.declared.pop(old)
            self._rewire()

    @rule(data=st.data(), change=st.sampled_from(["revision", "cookie", "basis"]))
    def redeclare_a_category(self, data: st.DataObject, change: str) -> None:
        if not self.oracle.declared:
            return
        key = data.draw(st.sampled_from(sorted(self.oracle.declared)))
        was = self.oracle.declared[key]
        changes: dict[str, Any] = {
            "revision": {"revision": was.revision % 3 + 1},
            "cookie": {"cookies": (*was.cookies[-2:], self._free_name())},
            "basis": {"exempt": not was.exempt},
        }
        self.oracle.declared[key] = was._replace(**changes[change])
        self._rewire()

    def _free_name(self) -> str:
        return next(name for name in map("c{}".format, range(99)) if name not in self.oracle.declared_names())

    @rule()
    def rotate_the_key(self) -> None:
        self.oracle.keys.append(self.oracle.keys[-1] + 1)
        self._rewire()

    @rule()
    def drop_earlier_keys(self) -> None:
        del self.oracle.keys[:-1]
        self._rewire()

    # Invariants

    def _ask(self, visitor: int, path: str, choice: dict[str, bool], **extra: Any) -> None:
        jar, oracle = self.jars[visitor], self.oracle
        url = HOST + path
        cookie_string = jar.cookie_string(url, now=self.now)
        sent = [value for name, value in cookies_in(cookie_string) if name == "cookies_preferences"]
        before = oracle.agreed(sent, self.now)
        self.read, self.states = [], {}
        environ = environ_for(path, cookie_string, HTTP_HOST="www.example.org", **extra)
        answer = drive(self.gate, {**environ, "model.choice": choice})

        may_read = {*oracle.allowed_names(before), "cookies_preferences"}
        assert {name for name, _ in self.read} <= may_read
        for name, value in self.read:
            assert name != "cookies_preferences" or oracle.valid(value, self.now) is not None
        chosen = {key: SignedAnswers(yes, self.now, oracle.declared[key]) for key, yes in choice.items()}
        after = {**before, **chosen}
        for key, state in self.states.items():
            assert state == ("unset" if key not in after else "accepted" if after[key].yes else "refused")

        signed = {**oracle.carried(sent, self.now), **after}
        self._note_signed(set_cookies(answer.headers), signed, bool(chosen))
        jar.store_response(answer.headers, url, now=self.now)
        allowed = oracle.allowed_names(after)
        assert set(jar) & oracle.declared_names() <= allowed
        if path == "/":
            assert allowed <= set(jar) and jar["sid"] == "set"

    def _note_signed(self, lines: list[str], after: dict[str, SignedAnswers], chosen: bool) -> None:
        own = [line.partition("=")[2].partition(";")[0] for line in lines if line.startswith("cookies_pref")]
        values = [value for value in own if value]
        assert len(values) == chosen
        assert own[-1:] == values, "older scopes are ended before the new one begins"
        for value in values:
            self.oracle.signed[value] = Token(self.oracle.keys[-1], after)

    @invariant()
    def nobody_is_given_what_nobody_declared(self) -> None:
        for jar in getattr(self, "jars", ()):
            assert "undeclared" not in jar or jar["undeclared"] == "by a script"


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=300 if PROFILE == "thorough" else 60, stateful_step_count=30, deadline=None
)
