"""One application under trial by its own gate's policy: the requests, and what each must not set off."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn
from wsgiref.types import WSGIApplication

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from . import law
from .driving import Answer, Fields, Heard, cookies_in, drive, environ_for, listening, set_cookies
from .jar import fields_received, name_kept
from .strategies import cookie_values, tokens
from .token import MADE, Kind, Token
from .visiting import visit

__tracebackhide__ = True  # pytest shows the caller's line, and the message


class Asked(NamedTuple):
    """One request: where to, and with which cookies."""

    route: str
    tokens: tuple[Token, ...]
    others: tuple[tuple[str, str], ...]


class Trial:
    """An application under trial, by one gate's policy."""

    def __init__(
        self,
        app: WSGIApplication,
        gate: Any,
        application: WSGIApplication | None,
        routes: Sequence[str],
        extra: dict[str, Any],
    ) -> None:
        self.app, self.gate, self.application, self.routes = app, gate, application, routes
        self.policy = gate.policy
        self._extra = extra
        self.first_failure = ""
        self.was_judged = False
        options = getattr(gate, "options", None)
        self._undeclared_passes = getattr(options, "undeclared", "block") == "report"
        self._filters = getattr(options, "filter_requests", True)
        if getattr(options, "report_only", False):
            raise AssertionError("report_only=True: this gate only reports; it enforces nothing")
        self._alone = {
            # Twice, since some cookies are set now and then.
            route: self._names_alone(route) & self._names_alone(route)
            for route in (() if application is None else routes)
        }

    def assert_worth_it(self) -> None:
        """Fail if nothing would be shown."""
        __tracebackhide__ = True
        reached = believed = False
        for route in self.routes:
            with listening(self.gate) as heard:
                answer = drive(self.app, environ_for(route, accepting_all(self.gate), **self._extra))
            reached = reached or bool(heard.environs)
            believed = believed or any(_allows_all(self.policy, each) for each in heard.environs)
            for _, headers in answer.starts:
                if any(self._can_be_refused(name) for name in names_kept(headers)):
                    return
        routes = f"no route of {list(self.routes)}"
        if not reached:
            raise AssertionError(
                f"{routes} reaches the application behind the gate: nothing would be shown. Is `gate` the "
                "one inside `app`?"
            )
        if not believed:
            raise AssertionError(
                f"with a genuine preferences cookie that accepts everything, {routes} lets a cookie through "
                "that may be refused, and the preferences are not believed behind the gate. Does something "
                "in front of it change the Cookie field?"
            )
        raise AssertionError(
            f"{routes} sets a cookie that may be refused, though everything is accepted: nothing would be "
            "shown. Name one that does: routes=(...)"
        )

    def assert_keeps_to_the_policy(self, asked: Asked) -> None:
        """Fail if what *asked* sets off breaks the policy."""
        __tracebackhide__ = True
        bare = None if self.application is None else self._bare(asked)
        with listening(self.gate) as heard:
            answer = drive(
                self.app, environ_for(asked.route, _cookie_string(self.policy, asked), **self._extra)
            )
        if not all(_applies(each) for each in heard.environs):
            return
        self.was_judged = True
        self._check_reading(asked, heard)
        for edited in heard.edited:
            self._fail(asked, f"the gate edited the application's own list of fields, which was {edited}")
        for _, headers in answer.starts:
            self._check_setting(asked, headers, self._allowed_in_response(asked, headers, bare))
        if bare is not None:
            self._check_nothing_lost(asked, *bare, answer.headers)

    def assert_was_worth_it(self) -> None:
        """Fail if nothing was shown; or if the bare application no longer sets what it set at first."""
        __tracebackhide__ = True
        if not self.was_judged:
            raise AssertionError(
                "the policy applies to none of these requests: nothing was shown. Send what it applies to: "
                "environ={...}"
            )
        for route, before in self._alone.items():
            lost = before - self._names_alone(route)
            if lost:
                raise AssertionError(
                    f"GET {route}: the application itself no longer sets {sorted(lost)}: its own list of "
                    "fields was edited while it went through the gate"
                )

    def _fail(self, asked: Asked, what: str, field: tuple[str, str] | None = None) -> NoReturn:
        __tracebackhide__ = True
        lines = [f"GET {asked.route}: {what}"]
        if field is not None:
            lines.append(f"  {field[0]}: {field[1]}")
        said = [f"a token ({each.kind}) saying {_in_words(each.answers)}" for each in asked.tokens]
        lines.append(f"  the visitor sends: {' and '.join(said) or 'no choice'}")
        lines.append(f"  so allowed are: {', '.join(sorted(self._allowed(asked)))}")
        if asked.tokens or asked.others:
            lines.append(f"  Cookie: {_cookie_string(self.policy, asked)}")
        message = "\n".join(lines)
        self.first_failure = self.first_failure or message
        raise AssertionError(message)

    def _allowed(self, asked: Asked) -> set[str]:
        return law.allowed(self.policy, *(each.answers for each in asked.tokens if each.answers is not None))

    def _allowed_in_response(
        self, asked: Asked, headers: Fields, bare: tuple[Answer, set[str]] | None
    ) -> set[str]:
        """Return what is allowed once the application has chosen, if it has."""
        if bare is not None:
            return bare[1]
        for text in set_cookies(headers):
            if _name(text) == self.policy.cookie_name:
                return self._allowed_by(_value(text))
        return self._allowed(asked)

    def _allowed_by(self, value: str) -> set[str]:
        """Return what the preferences cookie in a response allows."""
        try:
            preferences = self.gate.serializer.loads(value)
        except Exception as error:
            raise AssertionError(
                f"a preferences cookie was set that is not genuine: {value!r}: {error}"
            ) from error
        return law.allowed(self.policy, {each.category: each.accepted for each in preferences.answers})

    def _check_reading(self, asked: Asked, heard: Heard) -> None:
        __tracebackhide__ = True
        allowed = self._allowed(asked)
        believed = [str(each) for each in asked.tokens if each.answers is not None]
        for environ in heard.environs:
            for name, value in cookies_in(environ.get("HTTP_COOKIE", "")):
                if name == self.policy.cookie_name:
                    fine, why = value in believed, "which proves nothing"
                else:
                    key = law.key_of(self.policy, name)
                    fine, why = self._passes(key, allowed) or not self._filters, _why(key)
                if not fine:
                    self._fail(asked, f"the application reads the cookie {name!r}, {why}")

    def _check_setting(self, asked: Asked, headers: Fields, allowed: set[str]) -> None:
        __tracebackhide__ = True
        for field in headers:
            for name in names_kept([field], headers):
                if name == self.policy.cookie_name:
                    self._allowed_by(_value(field[1]))
                    continue
                key = law.key_of(self.policy, name)
                if not name or not self._passes(key, allowed):
                    self._fail(asked, f"the response sets the cookie {name!r}, {_why(key)}", field)

    def _check_nothing_lost(self, asked: Asked, bare: Answer, allowed: set[str], headers: Fields) -> None:
        """Fail if an allowed cookie of the bare application is missing, altered or out of order."""
        __tracebackhide__ = True
        again = set_cookies(self._bare(asked)[0].headers)
        due = [
            text
            for text in set_cookies(bare.headers)
            # What is set in one request and not in the next, as when a second passes, is due in neither.
            if _name(text) in map(_name, again) and self._is_due(text, bare.headers, allowed)
        ]
        sent = [text for text in set_cookies(headers) if text in due]
        for text in due:
            if text in again:
                found = text in sent or self._is_shortened(text, set_cookies(headers))
            else:  # it differs from one request to the next
                found = _name(text) in map(_name, set_cookies(headers))
            if not found:
                self._fail(asked, f"the allowed cookie {text!r} is missing or altered in {headers}")
        in_order = [text for text in due if text in sent]
        if sent != in_order:
            self._fail(asked, f"allowed cookies are out of order: {sent}, not {in_order}")

    def _is_due(self, set_cookie_string: str, headers: Fields, allowed: set[str]) -> bool:
        """Tell whether a field has to come through: every browser would keep an allowed cookie for it."""
        kept = names_kept([("Set-Cookie", set_cookie_string)], headers)
        # A tab inside is refused by one browser and kept by another.
        return (
            len(kept) == 1
            and kept[0] not in ("", self.policy.cookie_name)
            and "\t" not in set_cookie_string.strip("\t")
            and law.key_of(self.policy, kept[0]) in allowed
        )

    def _is_shortened(self, text: str, sent: Sequence[str]) -> bool:
        """Tell whether *text* was sent with a shorter life, as cookies that may be refused can be."""
        pair = text.partition(";")[0]
        return self._can_be_refused(_name(text)) and any(each.partition(";")[0] == pair for each in sent)

    def _bare(self, asked: Asked) -> tuple[Answer, set[str]]:
        """Return what the bare application answers, and what is allowed once it has chosen."""
        believed = [each.answers for each in asked.tokens if each.answers is not None]
        allowed = law.allowed(self.policy, *believed)
        agreed = {key: key in allowed for key in self.policy.digests if any(key in each for each in believed)}
        visible = [
            f"{name}={value}" for name, value in asked.others if law.key_of(self.policy, name) in allowed
        ]
        environ = environ_for(asked.route, "; ".join(visible), **self._extra)
        stand_in = environ["consentgate.visit"] = visit(
            self.policy,
            [key for key, yes in agreed.items() if yes],
            refused=[key for key, yes in agreed.items() if not yes],
            environ=environ,
        )
        # Only asked for when there is one.
        answer = drive(self.application, environ)  # type: ignore[arg-type]
        if stand_in._chosen_at is not None:
            chosen = stand_in.preferences.answers
            allowed = law.allowed(self.policy, {each.category: each.accepted for each in chosen})
        return answer, allowed

    def _names_alone(self, route: str) -> set[str]:
        answer, _ = self._bare(Asked(route, (), ()))
        return set(map(_name, set_cookies(answer.headers)))

    def _passes(self, key: str | None, allowed: set[str]) -> bool:
        return self._undeclared_passes if key is None else key in allowed

    def _can_be_refused(self, name: str) -> bool:
        return law.can_be_refused(self.policy, law.key_of(self.policy, name))


def plain_requests(gate: Any, routes: Sequence[str]) -> Iterator[Asked]:
    """Yield what visitors plainly send: no choice; every simple one; and a lie of each kind."""
    keys = list(gate.policy.digests)
    yes, no = dict.fromkeys(keys, True), dict.fromkeys(keys, False)

    def made(kind: Kind, said: dict[str, bool]) -> Token:
        return Token.made(gate.serializer, kind, said, int(time.time()))

    every_yes, every_no = made("genuine", yes), made("genuine", no)
    sent = [(), (every_no,), *((made("genuine", {**no, key: True}),) for key in keys), (every_yes,)]
    sent += [(made(kind, no if kind == "tampered" else yes),) for kind in MADE]
    sent += [(every_yes, every_no), (every_no, every_yes)]
    for cookies in sent:
        for route in routes:
            yield Asked(route, cookies, ())


@st.composite
def requests(draw: DrawFn, policy: Any, gate: Any, routes: Sequence[str]) -> Asked:
    """Requests for these routes, the shortest first."""
    cookies = draw(st.lists(tokens(gate.serializer), max_size=2))
    names = _sent_names(policy)
    others = draw(st.lists(st.tuples(st.sampled_from(names), cookie_values()), max_size=3))
    return Asked(draw(st.sampled_from(routes)), tuple(cookies), tuple(others))


def _sent_names(policy: Any) -> list[str]:
    """Return declared names, and some that only a careless reader takes for them."""
    declared = [
        cookie.name.replace("*", "1")
        for category in policy.categories
        for cookie in category.cookies
        if cookie.name != policy.cookie_name
    ]
    near = [change(name) for name in declared for change in (str.swapcase, _with_nbsp)]
    return [*declared, "undeclared", *(name for name in near if name not in declared)]


def _with_nbsp(name: str) -> str:
    return name + "\xa0"


def _cookie_string(policy: Any, asked: Asked) -> str:
    pairs = [(policy.cookie_name, str(each)) for each in asked.tokens]
    return "; ".join(f"{name}={value}" for name, value in [*asked.others, *pairs])


def accepting_all(gate: Any) -> str:
    """Return the Cookie field of somebody who has just accepted everything."""
    value = gate.serializer.dumps(gate.policy.choose(list(gate.policy.digests)))
    return f"{gate.policy.cookie_name}={value}"


def names_kept(fields: Iterable[tuple[str, str]], headers: Fields | None = None) -> list[str]:
    """Return the names a browser somewhere could keep cookies under, for these of a response's fields."""
    fields = list(fields)
    everything = fields if headers is None else headers
    names = (
        name_kept(value, now=time.time(), response_headers=everything)
        for name, value in fields_received(fields)
        if name.lower() == "set-cookie"
    )
    return [name for name in names if name is not None]


def _name(set_cookie_string: str) -> str:
    return set_cookie_string.partition("=")[0].strip(" \t")


def _value(set_cookie_string: str) -> str:
    return set_cookie_string.partition("=")[2].partition(";")[0].strip(" \t")


def _why(key: str | None) -> str:
    if key is None:
        return "which no category declares"
    return f"of the category {key!r}, which the visitor has not allowed"


def _in_words(said: Mapping[str, bool] | None) -> str:
    if said is None:
        return "nothing that counts"
    return ", ".join(f"{'yes' if yes else 'no'} to {key!r}" for key, yes in said.items()) or "nothing"


def _allows_all(policy: Any, environ: Mapping[str, Any]) -> bool:
    found = environ.get("consentgate.visit")
    permissions = getattr(found, "_permissions", None)
    return permissions is not None and set(policy.digests) <= permissions.allowed


def _applies(environ: Mapping[str, Any]) -> bool:
    situation = getattr(environ.get("consentgate.visit"), "_situation", None)
    return situation is None or bool(situation.applies)
