"""The kit's strategies, on the names of the tests' policy."""

import string

from hypothesis import strategies as st

from consentgate import testing
from consentgate.testing import strategies

ANY_TEXT = st.text(st.characters())  # surrogates too: the default alphabet never draws them
NATIVE = st.text(st.characters(max_codepoint=255))

TOKEN_CHARACTERS = string.ascii_letters + string.digits + "!#$%&'+-.^_`|~"

cookie_names = testing.cookie_names()
names = (
    st.sampled_from(
        [
            "sid",
            "csrftoken",
            "_pk_id",
            "_pk_ses.1",
            "_pk_ses.",
            "theme",
            "vid",
            "zzz",
            "SID",
            "cookies_preferences",
        ]
    )
    | cookie_names
)

policies = testing.policies()
set_cookie_strings = testing.set_cookie_strings(names)
cookie_strings = testing.cookie_strings(names)
response_headers = testing.response_headers(names)
sane_response_headers = testing.response_headers(names, strict=True)

patterns = st.builds("{}*{}".format, st.text("ab_", max_size=3), st.text("ab_", max_size=3)).filter(
    lambda pattern: pattern != "*"
)
choosable = ("statistical", "internal", "third-party")
accepted = st.sets(st.sampled_from(choosable))
blanks = st.text(" \t", max_size=3)
cookie_values = strategies.cookie_values()
