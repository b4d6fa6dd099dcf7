"""Django: the cookies page in the site's own layout, by a view of the site's own with `visit.form`.

Run: python examples/django_layout.py [port]
See: http://127.0.0.1:8000/privacy has the site's header, navigation and footer around the gate's forms.

The forms post to /cookies, where the gate answers, and lead back to /privacy. In a project the last lines
stand in wsgi.py; `consent` is named in TEMPLATES' context_processors.
"""

import sys
from pathlib import Path
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

# On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=presets.django()),
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


def consent(request):
    """Give every template the visit: Django's request.META is the environ."""
    return {"visit": Visit.from_environ(request.META)}


SECRET_KEY = "change me: this signs sessions and choices"

TEMPLATES = {
    "layout.html": """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}Riverton Theatre{% endblock %}</title><link rel="stylesheet" href="/layout.css">
{% block banner %}{{ visit.banner }}{% endblock %}
<header class="site"><nav><strong>Riverton Theatre</strong>
<a href="{% url "home" %}">Plays</a> <a href="#">Tickets</a></nav></header>
<main class="page">{% block main %}{% endblock %}</main>
<footer class="foot"><a href="{% url "privacy" %}">Cookies</a></footer></html>""",
    "home.html": """{% extends "layout.html" %}{% block main %}
<h1>Tonight: The Seagull</h1><p>Doors open at seven.</p>{% endblock %}""",
    "privacy.html": """{% extends "layout.html" %}{% block title %}Cookies{% endblock %}
{% block banner %}{% endblock %}
{% block main %}<h1>Cookies on Riverton Theatre</h1>{{ visit.form }}{% endblock %}""",
}

if not settings.configured:
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": [f"{__name__}.consent"],
                    "loaders": [("django.template.loaders.locmem.Loader", TEMPLATES)],
                },
            }
        ],
    )


def home(request):
    response = render(request, "home.html")
    response.set_cookie("_pk_id.1", "counted", max_age=31536000)
    return response


def privacy(request):
    return render(request, "privacy.html")


def style(request):
    return HttpResponse(Path(__file__).with_name("layout.css").read_text(), content_type="text/css")


urlpatterns = [
    path("", home, name="home"),
    path("privacy", privacy, name="privacy"),
    path("layout.css", style, name="style"),
]

app = policy.wrap(get_wsgi_application(), secret_key=SECRET_KEY)

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000, app).serve_forever()
