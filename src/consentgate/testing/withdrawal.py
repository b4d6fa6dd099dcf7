"""Assertions over several requests with a browser's jar: a refusal empties it, a newer choice counts."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import WSGIApplication
from wsgiref.util import request_uri

from consentgate.catalogue.category import Cookie

from . import law
from .driving import Answer as Answered
from .driving import Route, cookies_in, drive, environ_for, set_cookies
from .fields import name_of, value_of
from .jar import Jar
from .token import Token
from .trial import Trial, read_answers

__tracebackhide__ = True  # pytest shows the caller's line, and the message

MOST_HELD = 100
"""Cookies in the jar when the visitor refuses."""

FEW_RESPONSES = 6
"""Responses in which all refused cookies must expire; one more for each 25 stored cookies."""


class Session:
    """A browser that visits one host and stores its cookies.

    Args:
        app: the application it visits.
        extra: additions to each request's environ.
    """

    def __init__(self, app: WSGIApplication, extra: dict[str, Any]) -> None:
        self.jar: Jar = Jar()
        self._app, self._extra = app, extra

    def url_of(self, route: Route) -> str:
        """Return the URL that *route* has here."""
        return request_uri(environ_for(route, "", **self._extra), include_query=False)

    def ask(self, route: Route) -> Answered:
        """Send the jar's cookies to *route*, store the cookies of the response, and return it."""
        url = self.url_of(route)
        answer = drive(self._app, environ_for(route, self.jar.cookie_string(url), **self._extra))
        self.jar.store_response(answer.headers, url)
        return answer

    def names_sent(self, route: Route) -> set[str]:
        """Return the names of the cookies that go to *route*."""
        return {name for name, _ in cookies_in(self.jar.cookie_string(self.url_of(route)))}


def assert_a_refusal_empties_the_jar(trial: Trial) -> None:
    """Fail if a visitor who accepted all and then refused all goes on sending refusable cookies.

    The jar holds the cookies that the application sets, and one by a script for each declared name. A few
    responses later none of them may be sent. Cookies of other paths are not sent here and do not count.
    """
    __tracebackhide__ = True
    if not getattr(trial.options, "expire_unaccepted", False):
        return
    session = Session(trial.app, trial.extra)
    for name, value in trial.brought:
        session.jar.put(name, value, session.url_of(Route()))
    for route in trial.routes:
        choose(trial, session, "accept_all")  # each time: a route may be one that withdraws
        session.ask(route)
    scripts = list(islice(_list_scripts(trial, session.url_of(Route())), MOST_HELD * 3))
    for line in scripts:
        session.jar.store(line, session.url_of(Route()))
    choose(trial, session, "refuse_all")
    page = _page(trial)
    pages = [*([] if page is None else [Route(path=page)]), *trial.routes]
    for number in range(FEW_RESPONSES + len(session.jar.cookies) // 25 + 1):
        held = _held(trial, session, pages)
        if not held:
            return
        session.ask(pages[number % len(pages)])
    places = [
        f"\n  {cookie.name}: Path={cookie.path}; "
        + ("host-only" if cookie.host_only else f"Domain={cookie.domain}")
        + ("; Partitioned" if cookie.partitioned else "")
        for cookie in session.jar.cookies
        if cookie.name in held
    ]
    raise AssertionError(
        f"after a refusal and some more responses the browser still sends {len(held)} cookies that were "
        "refused; declare the domain and path they are set with, and see that a page that is not for shared "
        f"caches can expire them:{''.join(places[:10])}"
    )


def _held(trial: Trial, session: Session, pages: Sequence[Route]) -> set[str]:
    sent = set().union(*map(session.names_sent, pages))
    return {name for name in sent if trial.can_be_refused(name)}


def assert_a_newer_choice_counts(trial: Trial) -> None:
    """Fail if an older preferences cookie of another Domain outlives the choice made over it."""
    __tracebackhide__ = True
    policy, gate = trial.policy, trial.gate
    if _page(trial) is None or policy.cookie_name.lower().startswith("__host-"):
        return
    domain = (policy.cookie_domain or "site.test").removeprefix(".").lower()
    host = f"www.{domain}"
    for older, newer in (("refuse_all", "accept_all"), ("accept_all", "refuse_all")):
        for scope in ("", *(f"; Domain={each}" for each in _parents(host))):
            session = Session(gate, {"HTTP_HOST": host, "SERVER_NAME": host})
            url = session.url_of(Route())
            session.jar.store(f"{policy.cookie_name}={_token(trial, older, age=60)}; Path=/{scope}", url)
            session.ask(_choice(trial, newer))
            held = [
                read_answers(gate, value)
                for name, value in cookies_in(session.jar.cookie_string(url))
                if name == policy.cookie_name
            ]
            # accept_all does not withdraw an objection to an exempt category.
            due = law.answers_of(policy, newer)
            if any((key in law.allowed(policy, *held)) != yes for key, yes in due.items()):
                raise AssertionError(
                    f"{newer} on the page, over an older {older} with Path=/{scope}: the newer choice does "
                    f"not count, and the browser keeps {len(held)} preferences cookies"
                )


def choose(trial: Trial, session: Session, action: str) -> None:
    """Make a choice for the session: on the preferences page if it can be reached, else by a genuine cookie.

    Raises:
        AssertionError: the page records other answers than this action must.
    """
    __tracebackhide__ = True
    name = trial.policy.cookie_name
    route = _choice(trial, action)
    answer = session.ask(route) if _page(trial) else Answered()
    for text in set_cookies(answer.headers) if answer.starts else ():
        if name_of(text) == name and value_of(text):
            recorded, due = read_answers(trial.gate, value_of(text)), law.answers_of(trial.policy, action)
            # accept_all keeps an earlier objection.
            if {key: yes for key, yes in recorded.items() if yes or action != "accept_all"} != due:
                raise AssertionError(f"{route}: {action} records {recorded}, not {due}")
            if session.jar.get(name) == value_of(text):
                return
    # The gate has no page here, or the request is http and browsers store no Secure cookie.
    session.jar.put(name, _token(trial, action), session.url_of(Route()))


def _page(trial: Trial) -> str | None:
    path: str | None = getattr(trial.options, "preferences_path", None)
    return path


def _choice(trial: Trial, action: str) -> Route:
    return Route("POST", _page(trial) or "/", urlencode({"action": action}).encode())


def _token(trial: Trial, action: str, *, age: int = 0) -> str:
    """Return the preferences cookie's value for a choice made *age* seconds ago."""
    answers = law.answers_of(trial.policy, action)
    return str(Token.made(trial.gate.serializer, "genuine", answers, int(time.time()) - age))


def _list_scripts(trial: Trial, url: str) -> Iterator[str]:
    """Yield a set-cookie-string as scripts write it for each declared cookie that may be refused."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    mount = trial.extra.get("SCRIPT_NAME", "")
    for category in trial.policy.categories:
        if not law.can_be_refused(trial.policy, category.key):
            continue
        for cookie in category.cookies:
            for number in range(1, MOST_HELD // 4 if "*" in cookie.name else 2):
                name = cookie.name.replace("*", str(number))
                places = product(_domains(cookie, host), dict.fromkeys([cookie.path, mount or cookie.path]))
                yield from (_written(name, cookie, domain, path, url) for domain, path in places)


def _domains(cookie: Cookie, host: str) -> Sequence[str | None]:
    return [cookie.domain] if cookie.domain is not None else [None, *_parents(host)]


def _written(name: str, cookie: Cookie, domain: str | None, path: str, url: str) -> str:
    parts = [f"{name}=1", f"Path={path}"]
    if domain is not None:
        parts.append(f"Domain={domain}")
    if url.startswith("https:"):
        parts += ["Secure", "HttpOnly"]
    if cookie.partitioned:
        parts += ["SameSite=None", "Partitioned"]
    return "; ".join(parts)


def _parents(host: str) -> list[str]:
    """Return *host* and each parent domain with two labels or more; nothing for an IP address."""
    labels = host.split(".")
    if labels[-1].isdigit() or host.startswith("["):
        return []
    return [".".join(labels[at:]) for at in range(len(labels) - 1)]
