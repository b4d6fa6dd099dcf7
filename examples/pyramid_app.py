"""Pyramid: login, language, CSRF cookie, analytics, and one cookie nobody declared.

Run: python examples/pyramid_app.py [port]; or, with the gate in an ini file: see pyramid.ini
See: the banner, and in the browser's tools that `_pk_id.1` comes only once statistics are accepted.
"""

import sys
from wsgiref.simple_server import make_server

from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy, get_csrf_token
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response
from pyramid.session import SignedCookieSessionFactory

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=presets.pyramid()),
        Category(
            "statistical",
            title="Statistical",
            cookies=[Cookie("_pk_id.*", purpose="To count page views", lifetime="13 months")],
        ),
    ],
    title="Cookies policy",
    # On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
)

SECRET_KEY = "change me: this signs sessions and choices"

PAGE = """<!doctype html><title>Pyramid</title>{banner}
<p>Hello {user}, language {language}</p>
<form method="post" action="/{action}">
<input type="hidden" name="csrf_token" value="{csrf_token}"><button>Log in or out</button></form>"""


def page(request):
    user = request.session.get("user")
    response = Response(
        PAGE.format(
            banner=request.visit.banner(),
            user=user or "stranger",
            language=request.cookies.get("_LOCALE_", "en"),
            action="logout" if user else "login",
            csrf_token=get_csrf_token(request),
        )
    )
    response.set_cookie("_pk_id.1", "counted", max_age=33868800)
    response.set_cookie("widget", "undeclared")
    return response


def language(request):
    response = HTTPFound("/")
    response.set_cookie("_LOCALE_", request.params["to"])
    return response


def login(request):
    request.session["user"] = "Ann"
    return HTTPFound("/", headers=request.response.headers)


def logout(request):
    request.session.pop("user", None)
    return HTTPFound("/", headers=request.response.headers)


def main(global_config, **settings):
    """Return the application without a gate, as an ini file's [app:...] section makes it."""
    with Configurator(settings=settings) as config:
        config.set_session_factory(SignedCookieSessionFactory(SECRET_KEY))
        config.set_csrf_storage_policy(CookieCSRFStoragePolicy())
        config.set_default_csrf_options(require_csrf=True)
        config.add_request_method(lambda request: Visit.from_environ(request.environ), "visit", reify=True)
        for view, path in ((page, "/"), (language, "/language"), (login, "/login"), (logout, "/logout")):
            config.add_route(view.__name__, path)
            config.add_view(view, route_name=view.__name__)
        return config.make_wsgi_app()


app = policy.wrap(main({}), secret_key=SECRET_KEY)

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 6543, app).serve_forever()
