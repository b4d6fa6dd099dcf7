"""Pyramid with Mako: the cookies page in the site's own layout, by a view of the site's own.

Run: python examples/pyramid_layout.py [port]
See: http://127.0.0.1:6543/privacy has the site's header, navigation and footer around the gate's forms.

The forms post to /cookies, where the gate answers, and lead back to /privacy.
"""

import sys
from pathlib import Path
from wsgiref.simple_server import make_server

from mako.lookup import TemplateLookup
from pyramid.config import Configurator
from pyramid.response import Response

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

# On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=presets.pyramid()),
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

SECRET_KEY = "change me: this signs sessions and choices"

# In a project these are files; pyramid_mako finds them.
templates = TemplateLookup(default_filters=["h"])
templates.put_string(
    "layout.mako",
    """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Riverton Theatre</title><link rel="stylesheet" href="/layout.css">
<%block name="banner">${request.visit.banner() | n}</%block>
<header class="site"><nav><strong>Riverton Theatre</strong>
<a href="${request.route_path("home")}">Plays</a> <a href="#">Tickets</a></nav></header>
<main class="page">${self.body() | n}</main>
<footer class="foot"><a href="${request.route_path("privacy")}">Cookies</a></footer></html>""",
)
templates.put_string(
    "home.mako",
    '<%inherit file="layout.mako"/><h1>Tonight: The Seagull</h1><p>Doors open at seven.</p>',
)
templates.put_string(
    "privacy.mako",
    '<%inherit file="layout.mako"/><%block name="banner"></%block>'
    "<h1>Cookies on Riverton Theatre</h1>${request.visit.form() | n}",
)


def home(request):
    response = Response(templates.get_template("home.mako").render_unicode(request=request))
    response.set_cookie("_pk_id.1", "counted", max_age=31536000)
    return response


def privacy(request):
    return Response(templates.get_template("privacy.mako").render_unicode(request=request))


def style(request):
    return Response(Path(__file__).with_name("layout.css").read_text(), content_type="text/css")


with Configurator() as config:
    config.add_request_method(lambda request: Visit.from_environ(request.environ), "visit", reify=True)
    for view, route in ((home, "/"), (privacy, "/privacy"), (style, "/layout.css")):
        config.add_route(view.__name__, route)
        config.add_view(view, route_name=view.__name__)
    app = policy.wrap(config.make_wsgi_app(), secret_key=SECRET_KEY)

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 6543, app).serve_forever()
