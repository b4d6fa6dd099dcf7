"""Bottle: the cookies page in the site's own layout, by a view of the site's own.

Run: python examples/bottle_layout.py [port]
See: http://127.0.0.1:8080/privacy has the site's header, navigation and footer around the gate's forms.

The forms post to /cookies, where the gate answers, and lead back to /privacy.
"""

import sys
from pathlib import Path

from bottle import Bottle, SimpleTemplate, request, response, run, template

from consentgate import Basis, Category, Cookie, Policy, Visit

# On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY),
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

# Every template can ask the visit.
SimpleTemplate.defaults["visit"] = lambda: Visit.from_environ(request.environ)

LAYOUT = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Riverton Theatre</title><link rel="stylesheet" href="/layout.css">
{{! visit().banner() if with_banner else "" }}
<header class="site"><nav><strong>Riverton Theatre</strong>
<a href="/">Plays</a> <a href="#">Tickets</a></nav></header>
<main class="page">{{! main }}</main>
<footer class="foot"><a href="/privacy">Cookies</a></footer></html>"""

bottle = Bottle()


@bottle.get("/")
def home():
    response.set_cookie("_pk_id.1", "counted", max_age=31536000)
    main = "<h1>Tonight: The Seagull</h1><p>Doors open at seven.</p>"
    return template(LAYOUT, main=main, with_banner=True)


@bottle.get("/privacy")
def privacy():
    main = template("<h1>Cookies on Riverton Theatre</h1>{{! visit().form() }}")
    return template(LAYOUT, main=main, with_banner=False)


@bottle.get("/layout.css")
def style():
    response.content_type = "text/css"
    return Path(__file__).with_name("layout.css").read_text()


app = policy.wrap(bottle, secret_key=SECRET_KEY)

if __name__ == "__main__":
    run(app=app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
