"""The gate's warnings, each logged once; docs/reference/log-lines.md says how to mend them."""

from consentgate.consent.tokens import Invalid

PROXY_FIX_INSIDE = (
    "ProxyFix works inside the gate, which then sees the proxy's scheme and host, not the visitor's; put it "
    "outside: app.wsgi_app = ProxyFix(policy.wrap(app.wsgi_app, ...), x_proto=1, x_host=1)"
)

SECURE_ON_HTTP = (
    "a Secure preferences cookie is set on an http request, which browsers refuse; behind a "
    "proxy, put what reads X-Forwarded-Proto (such as ProxyFix with x_proto=1) outside the gate"
)

PLANTABLE = (
    "another host of the same domain can set the preferences cookie %r, and so give consent for a visitor "
    'who has not chosen; on https, write cookie_name="__Host-cookies_preferences" '
    "(visitors are then asked again)"
)

HTTP_BESIDE_HTTPS = (
    "this site is visited over http and https: on http browsers neither send nor replace the Secure "
    "preferences cookie, so visitors are asked again there and nothing is expired; redirect http to https"
)

STILL_SENT = (
    "the refused cookie %r is still sent a minute after it was refused: declare the domain and path it is "
    "set with, or stop the script that sets it"
)

OTHER_SCOPE = (
    "the cookie %r is set with Path=%s and Domain=%s, and declared otherwise; a refusal removes it for sure "
    "only if the policy declares both"
)

TOO_LONG = "the cookie %r is set for longer than it may live (%s); %s"

PROLONGED = (
    "the exempt cookie %r is set again with a new value for more than a day, so each visit prolongs it; "
    "set it once, or keep what changes in a cookie of a day"
)

REFUSED_BY_BROWSERS = "browsers refuse the necessary cookie %r: %s"

LANGUAGE = (
    "the option language returned %s, which is none of the languages there are texts in (%s); the browser's "
    "are asked"
)

LINE_BREAK = "the application put a line break or NUL into %s"

FLASK_OBJECT = (
    "a Flask object was wrapped, which hides its run() and test_client(); "
    "write app.wsgi_app = policy.wrap(app.wsgi_app, ...)"
)

INVALID_TOKENS = {
    Invalid.FOREIGN: (
        "a preferences cookie is signed with another key; if visitors are asked again and again, the workers "
        "have different keys: give all of them one secret_key, and earlier ones as secret_key_fallbacks"
    ),
    Invalid.AHEAD: (
        "a preferences cookie is dated more than a minute ahead; the clocks of the servers differ: "
        "keep them in time"
    ),
}
