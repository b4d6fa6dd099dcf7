"""Flask: a map and a video of other hosts, each held back until the visitor accepts it.

Run: python examples/embeds_flask.py [port]
See: the placeholders; in the browser's tools, that no request goes to another host before a yes.
"""

import sys

from flask import Flask, render_template_string, request

from consentgate import Basis, Category, Cookie, Policy, Visit, presets

policy = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=presets.flask()),
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

app = Flask(__name__)
app.secret_key = "change me: this signs Flask's sessions"
app.wsgi_app = policy.wrap(app.wsgi_app, secret_key=app.secret_key, third_parties="block")

PAGE = """<!doctype html><html lang="en"><title>Flask</title>{{ visit.banner() }}
<h1>Find us</h1>
<div id="consentgate-place-maps">
{% if visit.allows("maps") %}
<iframe src="https://www.openstreetmap.org/export/embed.html?bbox=2.3,48.8,2.4,48.9"
 title="Map" loading="lazy"></iframe>
{% else %}{{ visit.placeholder("maps") }}{% endif %}
</div>
<h2>See us</h2>
<div id="consentgate-place-videos">
{% if visit.allows("videos") %}
<iframe src="https://player.vimeo.com/video/76979871" title="Our film" loading="lazy"></iframe>
{% else %}{{ visit.placeholder("videos") }}{% endif %}
</div>"""


@app.context_processor
def consent():
    """Give every template the visit."""
    return {"visit": Visit.from_environ(request.environ)}


@app.get("/")
def page():
    return render_template_string(PAGE)


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
