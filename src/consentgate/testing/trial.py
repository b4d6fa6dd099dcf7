"""Test one application against the policy of its gate, request by request."""

import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn
from wsgiref.types import WSGIApplication, WSGIEnvironment

from . import law
from .asking import ELSEWHERE, Asked
from .driving import (
    SAFE_METHODS,
    Answer,
    Fields,
    Heard,
    Interrupted,
    Route,
    cookies_in,
    drive,
    drop,
    environ_for,
    listening,
    set_cookies,
)
from .fields import in_words, name_of, names_kept, value_of, why
from .losses import find_hidden_condition, find_loss, find_shared_cookie
from .visiting import visit

__tracebackhide__ = True  # pytest shows the caller's line, and the message

_SLOW_CLOCK = 12 * 3600
"""Seconds by which a browser's clock may be slow, so that it keeps a cookie the server meant to delete."""


class Trial:
    """An application tested against one gate's policy.

    Args:
        app: the application as it is served.
        gate: the gate inside it.
        application: the application without the gate, if there is one.
        routes: the requests to make.
        extra: additions to each request's environ.
        brought: name and value of the cookies of each request.
    """

    def __init__(
        self,
        app: WSGIApplication,
        gate: Any,
        application: WSGIApplication | None,
        routes: Sequence[Route],
        extra: Mapping[str, Any],
        brought: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.app: WSGIApplication = app
        self.gate: Any = gate
        self.application: WSGIApplication | None = application
        self.routes: Sequence[Route] = routes
        self.policy: Any = gate.policy
        self.extra: dict[str, Any] = dict(extra)
        self.brought: tuple[tuple[str, str], ...] = tuple(brought)
        self.options: Any = getattr(gate, "options", None)
        self.first_failure: str = ""
        self.was_judged: bool = False
        self._undeclared_passes = getattr(self.options, "undeclared", "block") == "report"
        self._filters = getattr(self.options, "filter_requests", True)
        if getattr(self.options, "report_only", False):
            raise AssertionError("report_only=True: this gate only reports; it enforces nothing")
        consent = law.answers_of(self.policy, "accept_all")
        asked = [
            cookie.name for each in self.policy.categories if each.key in consent for cookie in each.cookies
        ]
        self._late = f"{asked[0].replace('*', '1')}=late; Path=/" if asked else "late=1"
        self._alone = {
            # Two requests, since some cookies are not set each time.
            route: self._names_alone(route) & self._names_alone(route)
            for route in (() if application is None else routes)
        }

    def assert_worth_it(self) -> None:
        """Fail if the trial would prove nothing: no route sets a cookie that may be refused."""
        __tracebackhide__ = True
        reached = verified = False
        for route in self.routes:
            with listening(self.gate) as heard:
                answer = drive(self.app, self.environ_for(route, accepting_all(self.gate)))
            reached = reached or bool(heard.environs)
            verified = verified or any(_allows_all(self.policy, each) for each in heard.environs)
            for _, headers in answer.starts:
                if any(self.can_be_refused(name) for name in names_kept(headers)):
                    return
        routes = f"no route of {list(map(str, self.routes))}"
        if not reached:
            raise AssertionError(
                f"{routes} reaches the application behind the gate, so the test proves nothing. Is `gate` "
                "the one inside `app`?"
            )
        if not verified:
            raise AssertionError(
                f"with a genuine preferences cookie that accepts everything, {routes} lets a cookie through "
                "that may be refused, and the gate does not verify the preferences. Does something in front "
                "of it change the Cookie field?"
            )
        raise AssertionError(
            f"{routes} sets a cookie that may be refused, though everything is accepted, so the test "
            "proves nothing. Name one that does, and pass what it needs, such as a log-in's cookie: "
            "routes=(...), cookies={...}"
        )

    def assert_keeps_to_the_policy(self, asked: Asked) -> None:
        """Fail if the response to *asked* breaks the policy."""
        __tracebackhide__ = True
        bare = None if self.application is None else self._bare(asked)
        answers, heard = self._drive(asked)
        applies = all(_applies(each) for each in heard.environs)
        # Some servers write out a line break in the status, so it is read like a field.
        sent = [[("Status", status), *headers] for answer in answers for status, headers in answer.starts]
        if applies:
            self.was_judged = True
            self._check_reading(asked, heard)
            for edited in heard.edited:
                self._fail(asked, f"the gate edited the application's own list of fields, which was {edited}")
            for headers in [*sent, *(late for answer in answers for late in answer.late)]:
                self._check_setting(asked, headers, self._allowed_in_response(asked, headers, bare))
                self._fail_if(asked, find_shared_cookie(self.policy, headers))
        for headers in sent:
            self._fail_if(asked, find_hidden_condition(self.policy, self.options, headers))
        # Only a first try is compared: an application may answer a repeated environ differently.
        if bare is not None and asked.tries == "once" and applies and not asked.is_broken:
            again, carried = self._bare(asked)[0].headers, {*self.brought, *asked.others}
            headers, allowed = answers[-1].headers, bare[1]
            loss = find_loss(self.policy, bare[0].headers, again, headers, allowed, carried)
            self._fail_if(asked, loss)

    def assert_was_worth_it(self) -> None:
        """Fail if no request was judged, or if the bare application lost cookies during the trial."""
        __tracebackhide__ = True
        if not self.was_judged:
            raise AssertionError(
                "the policy applies to none of these requests, so the test proves nothing. Send what it "
                "applies to: environ={...}"
            )
        for route, before in self._alone.items():
            lost = before - self._names_alone(route)
            if lost:
                raise AssertionError(
                    f"{route}: the application itself no longer sets {sorted(lost)}: its own list of "
                    "fields was edited while it went through the gate"
                )

    def environ_for(self, route: Route, cookie_string: str = "", **more: Any) -> WSGIEnvironment:
        """Return the environ of a request, with the cookies and additions of this trial."""
        pairs = [f"{name}={value}" for name, value in self.brought]
        text = "; ".join([*pairs, *filter(None, [cookie_string])])
        return environ_for(route, text, **{**more, **self.extra})

    def can_be_refused(self, name: str) -> bool:
        """Return whether a cookie of this name is in a category that may be refused."""
        return law.can_be_refused(self.policy, law.key_of(self.policy, name))

    def _environ(self, asked: Asked, cookie_string: str) -> WSGIEnvironment:
        return self.environ_for(asked.route, cookie_string, **_cross_site_fields(asked))

    def _drive(self, asked: Asked) -> tuple[list[Answer], Heard]:
        """Return the answer to each try, and the calls recorded behind the gate."""
        environ = self._environ(asked, self._cookie_string(asked))
        answers = []
        with listening(
            self.gate, asked.hand_over, late=self._late, fails_first=asked.tries == "failed"
        ) as heard:
            # A line break may be refused with an error.
            with suppress(Interrupted, *([ValueError] if asked.is_broken else [])):
                answers.append((drop if asked.tries == "dropped" else drive)(self.app, environ))
            if asked.tries != "once":
                environ["wsgi.input"] = io.BytesIO(asked.route.body)
                with suppress(*([ValueError] if asked.is_broken else [])):
                    answers.append(drive(self.app, environ))
        return answers, heard

    def _fail_if(self, asked: Asked, what: str | None) -> None:
        __tracebackhide__ = True
        if what is not None:
            self._fail(asked, what)

    def _fail(self, asked: Asked, what: str, field: tuple[str, str] | None = None) -> NoReturn:
        __tracebackhide__ = True
        lines = [f"{asked.route}: {what}"]
        if field is not None:
            lines.append(f"  {field[0]}: {field[1]}")
        answers = [f"a token ({each.kind}) saying {in_words(each.answers)}" for each in asked.tokens]
        lines.append(f"  the visitor sends: {' and '.join(answers) or 'no choice'}")
        lines += [f"  {unusual}" for unusual in asked.in_words()]
        lines.append(f"  so allowed are: {', '.join(sorted(self._allowed(asked)))}")
        cookie_string = self._environ(asked, self._cookie_string(asked)).get("HTTP_COOKIE")
        if cookie_string:
            lines.append(f"  Cookie: {cookie_string}")
        message = "\n".join(lines)
        self.first_failure = self.first_failure or message
        raise AssertionError(message)

    def _allowed(self, asked: Asked) -> set[str]:
        verified = [each.answers for each in asked.tokens if each.answers is not None]
        withheld = law.are_answers_withheld(self._environ(asked, ""))
        return law.allowed(self.policy, *verified, withheld=withheld)

    def _allowed_in_response(
        self, asked: Asked, headers: Fields, bare: tuple[Answer, set[str]] | None
    ) -> set[str]:
        """Return the allowed categories after a choice that the application made, if it made one."""
        if bare is not None:
            return bare[1]
        for text in set_cookies(headers):
            if name_of(text) == self.policy.cookie_name and value_of(text):
                return self._allowed_by(value_of(text))
        return self._allowed(asked)

    def _allowed_by(self, value: str) -> set[str]:
        """Return the categories that the preferences cookie of a response allows."""
        return law.allowed(self.policy, read_answers(self.gate, value))

    def _check_reading(self, asked: Asked, heard: Heard) -> None:
        __tracebackhide__ = True
        allowed = self._allowed(asked)
        verified = [str(each) for each in asked.tokens if each.answers is not None]
        for environ in heard.environs:
            for name, value in cookies_in(environ.get("HTTP_COOKIE", "")):
                if name == self.policy.cookie_name:
                    fine, reason = value in verified, "which proves nothing"
                else:
                    key = law.key_of(self.policy, name)
                    fine, reason = self._passes(key, allowed) or not self._filters, why(key)
                if not fine:
                    self._fail(asked, f"the application reads the cookie {name!r}, {reason}")

    def _check_setting(self, asked: Asked, headers: Fields, allowed: set[str]) -> None:
        __tracebackhide__ = True
        for field in headers:
            for name in dict.fromkeys(
                [*names_kept([field], headers), *names_kept([field], headers, behind=_SLOW_CLOCK)]
            ):
                if name == self.policy.cookie_name:
                    self._allowed_by(value_of(field[1]))
                    continue
                key = law.key_of(self.policy, name)
                if not name or not self._passes(key, allowed):
                    self._fail(asked, f"the response sets the cookie {name!r}, {why(key)}", field)

    def _bare(self, asked: Asked) -> tuple[Answer, set[str]]:
        """Return the bare application's answer, and the allowed categories after its choice."""
        verified = [each.answers for each in asked.tokens if each.answers is not None]
        allowed = self._allowed(asked)
        agreed = {key: key in allowed for key in self.policy.digests if any(key in each for each in verified)}
        # The test's own cookies are filtered like all others.
        visible = [
            f"{name}={value}"
            for name, value in [*self.brought, *asked.others]
            if not self._filters or self._passes(law.key_of(self.policy, name), allowed)
        ]
        environ = self._environ(asked, "")
        environ.pop("HTTP_COOKIE", None)
        if visible:
            environ["HTTP_COOKIE"] = "; ".join(visible)
        stand_in = environ["consentgate.visit"] = visit(
            self.policy,
            [key for key, yes in agreed.items() if yes],
            refused=[key for key, yes in agreed.items() if not yes],
            environ=environ,
            answers_withheld=not verified and law.are_answers_withheld(environ),
        )
        # `_bare` is only called with an application.
        answer = drive(self.application, environ)  # type: ignore[arg-type]
        if stand_in._chosen_at is not None:
            chosen = stand_in.preferences.answers
            allowed = law.allowed(self.policy, {each.category: each.accepted for each in chosen})
        return answer, allowed

    def _names_alone(self, route: Route) -> set[str]:
        answer, _ = self._bare(Asked(route))
        return set(map(name_of, set_cookies(answer.headers)))

    def _passes(self, key: str | None, allowed: set[str]) -> bool:
        return self._undeclared_passes if key is None else key in allowed

    def _cookie_string(self, asked: Asked) -> str:
        pairs = [(self.policy.cookie_name, str(each)) for each in asked.tokens]
        return "; ".join(f"{name}={value}" for name, value in [*asked.others, *pairs])


def _cross_site_fields(asked: Asked) -> dict[str, str]:
    """Return the fields of a request from another site's page: in a frame, or by a form."""
    if not asked.cross_site:
        return {}
    is_form = asked.route.method not in SAFE_METHODS
    return {
        "HTTP_SEC_FETCH_SITE": "cross-site",
        "HTTP_SEC_FETCH_DEST": "document" if is_form else "iframe",
        **({"HTTP_ORIGIN": ELSEWHERE} if is_form else {}),
    }


def read_answers(gate: Any, value: str) -> dict[str, bool]:
    """Return the answers in a preferences cookie that the response sets.

    Raises:
        AssertionError: it is not genuine.
    """
    try:
        preferences = gate.serializer.loads(value)
    except Exception as error:
        raise AssertionError(
            f"a preferences cookie was set that is not genuine: {value!r}: {error}"
        ) from error
    return {each.category: each.accepted for each in preferences.answers}


def accepting_all(gate: Any) -> str:
    """Return the Cookie field of a visitor who has just accepted everything."""
    value = gate.serializer.dumps(gate.policy.choose(list(gate.policy.digests)))
    return f"{gate.policy.cookie_name}={value}"


def _allows_all(policy: Any, environ: Mapping[str, Any]) -> bool:
    found = environ.get("consentgate.visit")
    permissions = getattr(found, "_permissions", None)
    return permissions is not None and set(policy.digests) <= permissions.allowed


def _applies(environ: Mapping[str, Any]) -> bool:
    situation = getattr(environ.get("consentgate.visit"), "_situation", None)
    return situation is None or bool(situation.applies)
