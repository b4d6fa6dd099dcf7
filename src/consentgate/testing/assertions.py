"""Assertions that an application behind its gate enforces its policy."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from hypothesis import given, settings
from hypothesis.errors import Flaky

from consentgate.catalogue.catalogue import Catalogue

from . import law
from .asking import Asked, plain_requests, requests
from .driving import Answer, Fields, Heard, Route, cookie_pairs, drive, environ_for, listening
from .fields import is_targeted, names_kept
from .routes import RouteLike, check_routes
from .trial import Trial, accepting_all
from .visiting import visit
from .withdrawal import assert_a_newer_choice_counts, assert_a_refusal_empties_the_jar

if TYPE_CHECKING:
    from consentgate.gate.middleware import ConsentGate

__tracebackhide__ = True  # pytest shows the caller's line, and the message

HOST_FIELDS = {"content-security-policy", "content-security-policy-report-only", "reporting-endpoints"}
"""Fields by which a gate tells browsers of declared hosts, in lower case."""


def assert_enforced(
    app: WSGIApplication,
    *,
    gate: "ConsentGate | None" = None,
    application: WSGIApplication | None = None,
    routes: Sequence[RouteLike] = ("/",),
    cookies: Mapping[str, str] | str = "",
    environ: Mapping[str, Any] | None = None,
) -> None:
    """Fail unless *app* enforces its policy for every answer and every request of a visitor (P1 to P4).

    The requests carry generated preferences, genuine or not, and cookies that must be withheld. Some are
    repeated, some come from other sites' pages, and some get fields that are not a list. A failure shows the
    shortest request that leaks. The Hypothesis profile sets the number of requests. In the end a visitor
    accepts all and refuses all; a few responses later no refusable cookie may be sent any more.

    Args:
        app: the application as it is served.
        gate: the `ConsentGate` inside it, with policy, key and cookie name; *app* itself, unless given.
        application: the application without the gate. With it, an allowed cookie that is missing or
            altered is a failure as well.
        routes: paths to ask for, or methods with a path and a body: ``("POST", "/login", {"name": "ann"})``.
            A form is posted as the site's own. At least one route must set a cookie that may be refused, or
            the assertion proves nothing and fails.
        cookies: the cookies of each request, a mapping or a Cookie string: such as the session of a visitor
            who has logged in.
        environ: additions to each request's environ, such as ``{"HTTP_HOST": "example.org"}``.

    Raises:
        AssertionError: a cookie gets through that the visitor has not allowed, in either direction; or
            nothing was proved: no route sets a cookie to refuse, or genuine preferences do not verify.
        TypeError: an argument is invalid; the message says what it must be.
    """
    found = _check_gate(app, gate)
    environ, brought = environ or {}, _check_cookies(found, cookies, environ or {})
    trial = Trial(app, found, application, check_routes(routes), environ, brought)
    trial.assert_worth_it()

    for asked in plain_requests(trial.gate, trial.routes):
        trial.assert_keeps_to_the_policy(asked)

    @settings(deadline=None, database=None, print_blob=False, report_multiple_bugs=False)
    @given(requests(trial.policy, trial.gate, trial.routes))
    def every_request(asked: Asked) -> None:
        __tracebackhide__ = True
        trial.assert_keeps_to_the_policy(asked)

    try:
        every_request()
    except Flaky:
        # The failure is not repeatable: a request changed the state that the next one met.
        raise AssertionError(trial.first_failure) from None
    trial.assert_was_worth_it()
    assert_a_refusal_empties_the_jar(trial)
    assert_a_newer_choice_counts(trial)


def assert_transparent(
    app: WSGIApplication,
    application: WSGIApplication,
    *,
    gate: "ConsentGate | None" = None,
    routes: Sequence[RouteLike] = ("/",),
    cookies: Mapping[str, str] | str = "",
    environ: Mapping[str, Any] | None = None,
) -> None:
    """Fail unless *app* answers like *application*, except for fields of cookies, caches and hosts (P5).

    Status, every other field, and each chunk of the body must be equal; a body that is the server's file
    wrapper must stay one.

    Args:
        app: the application as it is served.
        application: the same application without the gate. It must answer two equal requests equally, except
            for cookies, in one of three tries (so that a clock may tick).
        gate: the `ConsentGate` inside *app*, if *application* uses the visit; *app* itself, unless given.
        routes: paths to ask for, or methods with a path and a body, as for `assert_enforced`.
        cookies: the cookies of each request, a mapping or a Cookie string; all must be necessary, since
            *application* gets them all.
        environ: additions to each request's environ.

    Raises:
        AssertionError: the responses differ; the message says where.
    """
    policy = getattr(app if gate is None else gate, "policy", None)
    text = _cookie_string(cookie_pairs(cookies))
    more = {**({"HTTP_COOKIE": text} if text else {}), **(environ or {})}
    for route in check_routes(routes):
        bare, gated, heard = _answers(app, application, policy, route, more)
        if hasattr(app, "policy") and heard.iterables and gated.iterable is not heard.iterables[-1]:
            raise AssertionError(
                f"{route}: the body is not the application's own iterable; it may be buffered or delayed"
            )
        ours = _comparable(gated)
        if policy is not None and any(category.hosts for category in policy.categories):
            ours["response fields"] = _without_hosts(gated.headers, len(_others(bare.headers)))
        for part, theirs in _comparable(bare).items():
            if theirs != ours[part]:
                raise AssertionError(
                    f"{route}: {part} differs: {theirs!r} without the gate, {ours[part]!r} with it"
                )


def assert_all_declared(
    app: WSGIApplication,
    routes: Sequence[RouteLike] = ("/",),
    *,
    gate: "ConsentGate | None" = None,
    cookies: Mapping[str, str] | str = "",
    environ: Mapping[str, Any] | None = None,
) -> None:
    """Fail if any route sets a cookie that the policy does not declare; the message is its declaration.

    Every category is accepted, since some cookies are set only then.

    Args:
        app: the application as it is served.
        routes: paths to ask for, or methods with a path and a body, as for `assert_enforced`.
        gate: the `ConsentGate` inside it; *app* itself, unless given.
        cookies: the cookies of each request, as for `assert_enforced`.
        environ: additions to each request's environ.

    Raises:
        AssertionError: a cookie is undeclared, with its route; or no route reaches the application.
    """
    gate = _check_gate(app, gate)
    accepting = _cookie_string(_check_cookies(gate, cookies, environ or {}), accepting_all(gate))
    undeclared: dict[str, Route] = {}
    with listening(gate) as heard:
        for route in check_routes(routes):
            drive(app, environ_for(route, accepting, **(environ or {})))
            for fields in heard.starts:
                for name in names_kept(fields):
                    if law.key_of(gate.policy, name) is None:
                        undeclared.setdefault(name, route)
    if not heard.environs:
        raise AssertionError(f"no route of {list(routes)} reaches the application behind the gate")
    declarations = "".join(
        f'\n# {route}\n[[category.cookie]]\nname = "{name}"' for name, route in undeclared.items()
    )
    if undeclared:
        raise AssertionError(
            f"cookies that no category declares; if the site needs them, declare them:{declarations}"
        )


def _visited(environ: WSGIEnvironment, policy: Catalogue | None) -> WSGIEnvironment:
    """Return *environ* as behind a gate with this policy, on a first visit."""
    return environ if policy is None else {**environ, "consentgate.visit": visit(policy, environ=environ)}


def _answers(
    app: WSGIApplication,
    application: WSGIApplication,
    policy: Catalogue | None,
    route: Route,
    environ: Mapping[str, Any],
) -> tuple[Answer, Answer, Heard]:
    """Return the answers of *application* and *app*, and the calls recorded behind the gate."""

    def asked() -> WSGIEnvironment:
        return environ_for(route, **environ)

    for _ in range(3):
        bare = drive(application, _visited(asked(), policy))
        with listening(app) if hasattr(app, "app") else nullcontext(Heard()) as heard:
            gated = drive(app, asked())
        # Two equal answers, before and after, show that no clock in the response ticked in between.
        if _comparable(drive(application, _visited(asked(), policy))) == _comparable(bare):
            return bare, gated, heard
    raise AssertionError(
        f"{route}: without the gate, two equal requests are answered differently, so that nothing can "
        "be compared; send what makes the answer steady: cookies={...}"
    )


def _comparable(answer: Answer) -> dict[str, object]:
    """Return the parts of an answer that must be equal with and without a gate."""
    return {
        "status": answer.status,
        "response fields": _others(answer.headers),
        "body, chunk by chunk": answer.chunks,
        "what is written with write()": answer.written,
        "use of wsgi.file_wrapper": answer.as_file,
        "the body's close()": answer.had_close,
    }


def _others(headers: Fields) -> Fields:
    """Return the fields that a gate must not change."""
    own = {"set-cookie", "cache-control", "vary"}
    return [(name, value) for name, value in headers if name.lower() not in own and not is_targeted(name)]


def _without_hosts(headers: Fields, count: int) -> Fields:
    """Return the fields that a gate must not change: the first *count*, and others but those of hosts."""
    fields = _others(headers)
    return fields[:count] + [field for field in fields[count:] if field[0].lower() not in HOST_FIELDS]


def _check_gate(app: Any, gate: Any) -> Any:
    found = app if gate is None else gate
    missing = [name for name in ("app", "policy", "serializer") if not hasattr(found, name)]
    if missing:
        raise TypeError(
            f"{found!r} is no ConsentGate: it has no {', '.join(missing)}. Say which gate is inside the "
            "application: gate=app.wsgi_app for Flask, or whatever policy.wrap(...) returned"
        )
    return found


def _check_cookies(
    gate: Any, cookies: Mapping[str, str] | str, environ: Mapping[str, Any]
) -> list[tuple[str, str]]:
    if "HTTP_COOKIE" in environ:
        raise TypeError(
            "environ holds HTTP_COOKIE, which the trial itself sends: cookies='...' adds yours to it"
        )
    brought = cookie_pairs(cookies)
    own = gate.policy.cookie_name
    if any(name == own for name, _ in brought):
        raise TypeError(
            f"cookies hold {own!r}, the preferences cookie, of which the trial sends every kind itself"
        )
    return brought


def _cookie_string(pairs: Sequence[tuple[str, str]], *others: str) -> str:
    return "; ".join([*(f"{name}={value}" for name, value in pairs), *others])
