"""Bottle: login, language, CSRF cookie, analytics, and one cookie nobody declared.

Run: python examples/bottle_app.py [port]
See: the banner, and in the browser's tools that `_pk_id.1` comes only once statistics are accepted.
"""

import secrets
import sys

from bottle import Bottle, SimpleTemplate, abort, redirect, request, response, run, template

from consentgate import Basis, Category, Cookie, Policy, Visit

policy = Policy(
    [
        Category(
            "necessary",
            title="Necessary",
            basis=Basis.NECESSARY,
            cookies=["session", "language", "csrf_token"],
        ),
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

# Every template can ask the visit.
SimpleTemplate.defaults["visit"] = lambda: Visit.from_environ(request.environ)

PAGE = """<!doctype html><title>Bottle</title>{{! visit().banner() }}
<p>Hello {{ user or "stranger" }}, language {{ language }}</p>
<form method="post" action="/{{ "logout" if user else "login" }}">
<input type="hidden" name="csrf_token" value="{{ csrf_token }}"><button>Log in or out</button></form>"""

bottle = Bottle()


@bottle.get("/")
def page():
    csrf_token = request.get_cookie("csrf_token") or secrets.token_urlsafe()
    response.set_cookie("csrf_token", csrf_token, samesite="lax")
    response.set_cookie("_pk_id.1", "counted", max_age=33868800)
    response.set_cookie("widget", "undeclared")
    user = request.get_cookie("session", secret=SECRET_KEY)
    language = request.get_cookie("language", "en")
    return template(PAGE, user=user, language=language, csrf_token=csrf_token)


@bottle.get("/language")
def language():
    response.set_cookie("language", request.query.to)
    redirect("/")


def check_csrf_token():
    if request.forms.csrf_token != request.get_cookie("csrf_token"):
        abort(403)


@bottle.post("/login")
def login():
    check_csrf_token()
    response.set_cookie("session", "Ann", secret=SECRET_KEY, httponly=True, samesite="lax")
    redirect("/")


@bottle.post("/logout")
def logout():
    check_csrf_token()
    response.delete_cookie("session")
    redirect("/")


app = policy.wrap(bottle, secret_key=SECRET_KEY)

if __name__ == "__main__":
    run(app=app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
