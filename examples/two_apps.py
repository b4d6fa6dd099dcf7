"""Two applications on one host, each with its own policy and so its own preferences cookie.

Run: python examples/two_apps.py
See: what one visitor accepted in the shop says nothing in the blog.
"""

from wsgiref.util import setup_testing_defaults, shift_path_info

from consentgate import Category, Policy


def site(cookie_name, analytics):
    """Return an application that sets one analytics cookie, behind its own gate."""

    def application(environ, start_response):
        fields = [("Content-Type", "text/plain"), ("Set-Cookie", f"{analytics}=1; Path=/")]
        start_response("200 OK", fields)
        return [b"Hello\n"]

    policy = Policy([Category("statistical", cookies=[analytics])], cookie_name=cookie_name)
    return policy.wrap(application, secret_key="one key may serve both: names are part of what is signed")


# On https call them "__Host-shop_preferences" and "__Host-blog_preferences": no other host can set those.
sites = {"shop": site("shop_preferences", "shop_visits"), "blog": site("blog_preferences", "blog_visits")}


def app(environ, start_response):
    """Hand the request to the site its path begins with."""
    return sites[shift_path_info(environ)](environ, start_response)


def visit(path, cookie_string):
    """Ask for *path* with these cookies; print the names of those that come back."""
    environ = {"PATH_INFO": path, "HTTP_COOKIE": cookie_string}
    setup_testing_defaults(environ)

    def start_response(status, response_headers, exc_info=None):
        names = [value.partition("=")[0] for name, value in response_headers if name == "Set-Cookie"]
        print(path, names)

    for _ in app(environ, start_response):
        pass


if __name__ == "__main__":
    shop = sites["shop"]
    token = shop.serializer.dumps(shop.policy.choose(["statistical"]))
    for path in ("/shop/", "/blog/"):
        visit(path, f"shop_preferences={token}; blog_preferences={token}")
