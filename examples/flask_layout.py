"""Flask: the cookies page in the site's own layout, by the application's own templates.

Run: python examples/flask_layout.py [port]
See: http://127.0.0.1:5000/cookies has the site's header, navigation and footer; so has the banner's page.
"""

import sys
from pathlib import Path

from flask import Flask, Response, render_template, request
from jinja2 import DictLoader

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

# On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=presets.flask()),
        Category(
            "statistical",
            title="Statistics",
            description="They count visits, so that we know which plays are looked for.",
            cookies=[
                Cookie(
                    "_pk_id.*",
                    provider="Theatre",
                    purpose="To count visits",
                    function="Statistics",
                    lifetime="1 year",
                )
            ],
        ),
    ],
    site="Riverton Theatre",
    controller="Riverton Theatre",
    contact="house@theatre.example",
)

app = Flask(__name__)
app.secret_key = "change me: this signs sessions and choices"
# In a project these are files in templates/; the layout knows nothing of the gate but its two lines.
app.jinja_env.loader = DictLoader(
    {
        "layout.html": """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}Riverton Theatre{% endblock %}</title>
<link rel="stylesheet" href="{{ url_for("style") }}">
{% block banner %}{{ visit().banner() }}{% endblock %}
<header class="site"><nav><strong>Riverton Theatre</strong>
<a href="{{ url_for("home") }}">Plays</a> <a href="#">Tickets</a></nav></header>
<main class="page">{% block main %}{% endblock %}</main>
<footer class="foot"><a href="{{ visit().preferences_url }}">Cookies</a></footer></html>""",
        "home.html": """{% extends "layout.html" %}{% block main %}
<h1>Tonight: The Seagull</h1><p>Doors open at seven.</p>{% endblock %}""",
        # This one takes the place of the gate's own page.
        "consentgate/page.html": """{% extends "layout.html" %}
{% block title %}{{ consentgate.plain_title }}{% endblock %}{% block banner %}{% endblock %}
{% block main %}<h1>{{ consentgate.title }}</h1>{% include "consentgate/form.html" %}{% endblock %}""",
    }
)
app.jinja_env.globals["visit"] = lambda: Visit.from_environ(request.environ)
app.wsgi_app = policy.wrap(app.wsgi_app, secret_key=app.secret_key, templates=app.jinja_env)


@app.get("/")
def home():
    response = app.make_response(render_template("home.html"))
    response.set_cookie("_pk_id.1", "counted", max_age=31536000)
    return response


@app.get("/layout.css")
def style():
    return Response(Path(__file__).with_name("layout.css").read_text(), mimetype="text/css")


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
