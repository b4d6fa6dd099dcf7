"""Django: a map and a video of other hosts, each held back until the visitor accepts it.

Run: python examples/embeds_django.py [port]
See: the placeholders; in the browser's tools, that no request goes to another host before a yes.

In a project the last lines stand in wsgi.py; `consent` is named in TEMPLATES' context_processors.
"""

import sys
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import engines
from django.urls import path

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=presets.django()),
        Category(
            "maps",
            title="Maps",
            description="Maps come from OpenStreetMap, which then learns of your visit.",
            hosts=["www.openstreetmap.org", "*.tile.openstreetmap.org"],
        ),
        Category(
            "videos",
            title="Videos",
            description="Videos come from Vimeo, which then learns of your visit.",
            cookies=[Cookie("vuid", provider="Vimeo", purpose="To count plays", lifetime="13 months")],
            hosts=["player.vimeo.com", "*.vimeocdn.com"],
        ),
    ],
    title="Cookies policy",
    # On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
)


def consent(request):
    """Give every template the visit, and what takes an argument: Django's templates pass none."""
    visit = Visit.from_environ(request.META)
    embeds = {key: visit.placeholder(key) for key in ("maps", "videos")}
    return {"visit": visit, "placeholder": embeds}  # a placeholder is empty once its category is allowed


SECRET_KEY = "change me: this signs sessions and choices"

settings.configure(
    SECRET_KEY=SECRET_KEY,
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"context_processors": [f"{__name__}.consent"]},
        }
    ],
)

PAGE = """<!doctype html><html lang="en"><title>Django</title>{{ visit.banner }}
<h1>Find us</h1>
<div id="consentgate-place-maps">
{% if placeholder.maps %}{{ placeholder.maps }}{% else %}
<iframe src="https://www.openstreetmap.org/export/embed.html?bbox=2.3,48.8,2.4,48.9"
 title="Map" loading="lazy"></iframe>
{% endif %}
</div>
<h2>See us</h2>
<div id="consentgate-place-videos">
{% if placeholder.videos %}{{ placeholder.videos }}{% else %}
<iframe src="https://player.vimeo.com/video/76979871" title="Our film" loading="lazy"></iframe>
{% endif %}
</div>"""


def page(request):
    return HttpResponse(engines["django"].from_string(PAGE).render({}, request))


urlpatterns = [path("", page)]

app = policy.wrap(get_wsgi_application(), secret_key=SECRET_KEY, third_parties="block")

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000, app).serve_forever()
