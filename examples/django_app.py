"""Django: login, language, CSRF cookie, analytics, and one cookie nobody declared.

Run: python examples/django_app.py [port]
See: the banner, and in the browser's tools that `_pk_id.1` comes only once statistics are accepted.

In a project the last lines stand in wsgi.py; `consent` is named in TEMPLATES' context_processors.
"""

import sys
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import path

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=presets.django()),
        Category(
            "statistical",
            title="Statistical",
            cookies=[Cookie("_pk_id.*", purpose="To count page views", lifetime="13 months")],
        ),
    ],
    title="Cookies policy",
    # On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
)


def consent(request):
    """Give every template the visit: Django's request.META is the environ."""
    return {"visit": Visit.from_environ(request.META)}


SECRET_KEY = "change me: this signs sessions and choices"

settings.configure(
    SECRET_KEY=SECRET_KEY,
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"context_processors": [f"{__name__}.consent"]},
        }
    ],
)

PAGE = """<!doctype html><title>Django</title>{{ visit.banner }}
<p>Hello {{ user|default:"stranger" }}, language {{ language }}</p>
<form method="post" action="/{% if user %}logout{% else %}login{% endif %}">
{% csrf_token %}<button>Log in or out</button></form>"""


def page(request):
    context = {"user": request.session.get("user"), "language": request.LANGUAGE_CODE}
    response = HttpResponse(engines["django"].from_string(PAGE).render(context, request))
    response.set_cookie("_pk_id.1", "counted", max_age=33868800)
    response.set_cookie("widget", "undeclared")
    return response


def language(request):
    response = HttpResponseRedirect("/")
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, request.GET["to"])
    return response


def login(request):
    request.session["user"] = "Ann"
    return HttpResponseRedirect("/")


def logout(request):
    request.session.flush()
    return HttpResponseRedirect("/")


urlpatterns = [path("", page), path("language", language), path("login", login), path("logout", logout)]

app = policy.wrap(get_wsgi_application(), secret_key=SECRET_KEY)

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000, app).serve_forever()
