"""Flask: login, language, CSRF cookie, analytics, and one cookie nobody declared.

Run: python examples/flask_app.py [port]
See: the banner, and in the browser's tools that `_pk_id.1` comes only once statistics are accepted.
"""

import secrets
import sys

from flask import Flask, abort, redirect, render_template_string, request, session

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

policy = Policy(
    [
        Category(
            "necessary",
            title="Necessary",
            basis=Basis.NECESSARY,
            cookies=[*presets.flask(), "language", "csrf_token"],
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

app = Flask(__name__)
app.secret_key = "change me: this signs Flask's sessions"
app.wsgi_app = policy.wrap(app.wsgi_app, secret_key=app.secret_key)

PAGE = """<!doctype html><title>Flask</title>{{ visit.banner() }}
<p>Hello {{ session.user or "stranger" }}, language {{ request.cookies.language or "en" }}</p>
<form method="post" action="/{{ "logout" if session.user else "login" }}">
<input type="hidden" name="csrf_token" value="{{ csrf_token }}"><button>Log in or out</button></form>"""


@app.context_processor
def consent():
    """Give every template the visit."""
    return {"visit": Visit.from_environ(request.environ)}


@app.get("/")
def page():
    csrf_token = request.cookies.get("csrf_token") or secrets.token_urlsafe()
    response = app.make_response(render_template_string(PAGE, csrf_token=csrf_token))
    response.set_cookie("csrf_token", csrf_token, samesite="Lax")
    response.set_cookie("_pk_id.1", "counted", max_age=33868800)
    response.set_cookie("widget", "undeclared")
    return response


@app.get("/language")
def language():
    response = redirect("/")
    response.set_cookie("language", request.args["to"])
    return response


@app.before_request
def check_csrf_token():
    if request.method == "POST" and request.form["csrf_token"] != request.cookies.get("csrf_token"):
        abort(403)


@app.post("/login")
def login():
    session["user"] = "Ann"
    return redirect("/")


@app.post("/logout")
def logout():
    session.clear()
    return redirect("/")


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
