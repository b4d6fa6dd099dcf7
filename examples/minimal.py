"""The gate around plain WSGI, with no framework and no server.

Run: python examples/minimal.py
See: what a first visitor's browser is sent, and what it is sent once statistics are accepted.
"""

from wsgiref.util import setup_testing_defaults

from consentgate import Basis, Category, Policy

policy = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sessionid", "csrftoken"]),
        Category("statistical", title="Statistical", cookies=["_pk_id.*"]),
    ],
    # On https add cookie_name="__Host-cookies_preferences": no other host can set a cookie of such a name.
)


def application(environ, start_response):
    """Set a necessary cookie, a statistical one, and one nobody declared."""
    cookies = ["sessionid=a1; Path=/", "_pk_id.1=b2; Path=/", "widget=c3"]
    start_response("200 OK", [("Content-Type", "text/plain"), *(("Set-Cookie", text) for text in cookies)])
    return [b"Hello\n"]


app = policy.wrap(application, secret_key="keep this secret, it signs choices")


def visit(cookie_string=""):
    """Ask for the page as a browser that sends *cookie_string* would; print the cookies it gets."""
    environ = {"HTTP_COOKIE": cookie_string} if cookie_string else {}
    setup_testing_defaults(environ)

    def start_response(status, response_headers, exc_info=None):
        print(status, [value for name, value in response_headers if name == "Set-Cookie"])

    for _ in app(environ, start_response):
        pass


if __name__ == "__main__":
    visit()
    token = app.serializer.dumps(policy.choose(["statistical"]))
    visit(f"cookies_preferences={token}")
