"""Names of widely used cookies with provider and purpose; they explain a report and never allow a cookie.

The table is ours, from vendors' public documentation. `read_known` reads an operator's copy of the
Open Cookie Database.
"""

import csv
import os
from collections.abc import Iterable
from typing import NamedTuple

from consentgate.catalogue.patterns import Patterns
from consentgate.errors import PolicyError


class Family(NamedTuple):
    """A cookie of many sites, or a pattern of such cookies.

    Attributes:
        pattern: the name, or a pattern.
        provider: who sets it.
        purpose: what it is for.
    """

    pattern: str
    provider: str
    purpose: str


_TABLE = """
_ga | Google Analytics | tells visitors apart
_ga_* | Google Analytics | keeps a session's state
_gid | Google Analytics | tells visitors apart for a day
_gat* | Google Analytics | limits how often it is called
_dc_gtm_* | Google Tag Manager | limits how often it is called
__utma | Google Analytics (classic) | tells visitors apart
__utmb | Google Analytics (classic) | keeps a session's state
__utmc | Google Analytics (classic) | keeps a session's state
__utmt* | Google Analytics (classic) | limits how often it is called
__utmv | Google Analytics (classic) | keeps a visitor's segment
__utmz | Google Analytics (classic) | keeps where a visitor came from
_gcl_au | Google Ads | tells visitors apart for advertising
_gcl_* | Google Ads | attributes a visit to an advertisement
_gac_* | Google Ads | attributes a visit to a campaign
__gads | Google Ad Manager | counts advertisements shown
__gpi | Google Ad Manager | tells visitors apart for advertising
IDE | Google DoubleClick | tells visitors apart for advertising
NID | Google | keeps preferences, and selects advertisements
_grecaptcha | Google reCAPTCHA | tells people from robots
VISITOR_INFO1_LIVE | YouTube | measures bandwidth, and recommends
YSC | YouTube | counts views
_fbp | Meta Pixel | tells visitors apart for advertising
_fbc | Meta Pixel | attributes a visit to an advertisement
_pk_id.* | Matomo | tells visitors apart
_pk_ses.* | Matomo | keeps a session's state
_pk_ref.* | Matomo | keeps where a visitor came from
_pk_cvar.* | Matomo | keeps variables of a visit
_pk_hsr.* | Matomo | keeps a recording's state
mtm_consent* | Matomo | keeps the answer to its own question
_hjSession_* | Hotjar | keeps a session's state
_hjSessionUser_* | Hotjar | tells visitors apart
_hjIncludedInSessionSample_* | Hotjar | says whether a session is recorded
_hjid | Hotjar | tells visitors apart
_clck | Microsoft Clarity | tells visitors apart
_clsk | Microsoft Clarity | keeps a session's state
_uetsid | Microsoft Advertising | keeps a session's state
_uetvid | Microsoft Advertising | tells visitors apart for advertising
MUID | Microsoft | tells browsers apart for advertising
ai_user | Microsoft Application Insights | tells visitors apart
ai_session | Microsoft Application Insights | keeps a session's state
AMCV_* | Adobe Experience Cloud | tells visitors apart
AMCVS_* | Adobe Experience Cloud | keeps a session's state
s_vi* | Adobe Analytics | tells visitors apart
s_cc | Adobe Analytics | says whether cookies work
s_sq | Adobe Analytics | keeps the last link clicked
mbox | Adobe Target | keeps which variant is shown
mp_*_mixpanel | Mixpanel | tells visitors apart
amp_* | Amplitude | tells visitors apart
amplitude_id* | Amplitude | tells visitors apart
ph_*_posthog | PostHog | tells visitors apart
ajs_anonymous_id | Segment | tells visitors apart
ajs_user_id | Segment | keeps who is logged in
_hp2_id.* | Heap | tells visitors apart
_hp2_props.* | Heap | keeps properties of a visitor
_hp2_ses_props.* | Heap | keeps properties of a session
intercom-id-* | Intercom | tells visitors apart in the chat
intercom-session-* | Intercom | keeps the chat's session
intercom-device-id-* | Intercom | tells devices apart in the chat
hubspotutk | HubSpot | tells visitors apart
__hstc | HubSpot | tells visitors apart
__hssc | HubSpot | keeps a session's state
__hssrc | HubSpot | says whether a session is new
_mkto_trk | Adobe Marketo | tells visitors apart
visitor_id* | Salesforce Pardot | tells visitors apart
_ttp | TikTok Pixel | tells visitors apart for advertising
_pin_unauth | Pinterest | tells visitors apart for advertising
_scid* | Snapchat | tells visitors apart for advertising
_rdt_uuid | Reddit Pixel | tells visitors apart for advertising
li_fat_id | LinkedIn | attributes a visit to an advertisement
_ym_uid | Yandex Metrica | tells visitors apart
_ym_d | Yandex Metrica | keeps the day of the first visit
_vwo_uuid* | VWO | tells visitors apart in tests of variants
optimizelyEndUserId | Optimizely | tells visitors apart in tests of variants
_sp_id.* | Snowplow | tells visitors apart
_sp_ses.* | Snowplow | keeps a session's state
_cfuvid | Cloudflare | tells visitors of one address apart, to limit rates
__cf_bm | Cloudflare | tells people from robots
cf_clearance | Cloudflare | says that a visitor has passed a challenge
__cflb | Cloudflare | keeps a visitor at one server
AWSALB* | Amazon Web Services | keeps a visitor at one server
BIGipServer* | F5 BIG-IP | keeps a visitor at one server
TS01* | F5 BIG-IP | guards a session
ARRAffinity* | Microsoft Azure | keeps a visitor at one server
incap_ses_* | Imperva | tells people from robots
visid_incap_* | Imperva | tells people from robots
datadome | DataDome | tells people from robots
__stripe_mid | Stripe | prevents fraud
__stripe_sid | Stripe | prevents fraud
OptanonConsent | OneTrust | keeps the answer to its own question
CookieConsent | Cookiebot | keeps the answer to its own question
wordpress_logged_in_* | WordPress | keeps who is logged in
wordpress_sec_* | WordPress | keeps who is logged in
wp-settings-time-* | WordPress | keeps when its pages were set up
wp-settings-* | WordPress | keeps how its pages are set up
SSESS* | Drupal | keeps a session
PHPSESSID | PHP | keeps a session
JSESSIONID | Java servlets | keeps a session
ASP.NET_SessionId | ASP.NET | keeps a session
sessionid | Django | keeps a session
csrftoken | Django | prevents forged requests
session | Flask and others | keeps a session
connect.sid | Express | keeps a session
laravel_session | Laravel | keeps a session
XSRF-TOKEN | Laravel, Angular and others | prevents forged requests
"""

FAMILIES = tuple(
    Family(*(part.strip() for part in line.split(" | "))) for line in _TABLE.strip().splitlines()
)

_NAME, _PLATFORM, _DESCRIPTION, _WILDCARD = (
    "Cookie / Data Key name",
    "Platform",
    "Description",
    "Wildcard match",
)


class Known:
    """Look up families by name; earlier tables win.

    >>> Known(FAMILIES).find("_pk_id.1.1fff").provider
    'Matomo'
    """

    def __init__(self, *tables: Iterable[Family]) -> None:
        self._tables = [_Table(table) for table in tables]

    def find(self, name: str) -> Family | None:
        """Return the family *name* belongs to, None if none is known."""
        return next(filter(None, (table.find(name) for table in self._tables)), None)


class _Table:
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = {family.pattern: family for family in families}
        self._patterns = Patterns(pattern for pattern in self._families if "*" in pattern)

    def find(self, name: str) -> Family | None:
        found = self._families.get(name)
        if found is None:
            pattern = self._patterns.match(name)
            found = None if pattern is None else self._families[pattern]
        return found


def read_known(path: str | os.PathLike[str]) -> list[Family]:
    """Return the families in a copy of the Open Cookie Database, a CSV file.

    Raises:
        OSError: the file cannot be read.
        PolicyError: it is not such a file; names the columns that are missing.
    """
    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {_NAME, _PLATFORM, _DESCRIPTION, _WILDCARD}.difference(reader.fieldnames or ())
            if missing:
                raise PolicyError(f"{name}: no column {', '.join(map(repr, sorted(missing)))}")
            families = map(_family, reader)
            return [each for each in families if each.pattern.strip("*") and each.pattern.count("*") < 2]
    except (csv.Error, UnicodeDecodeError) as error:
        raise PolicyError(f"{name}: not a CSV file in UTF-8: {error}") from error


def _family(row: dict[str, str | None]) -> Family:
    # The column says that any text may follow the name; some names end in a star, too.
    pattern = (row[_NAME] or "").rstrip("* ").strip() + ("*" if row[_WILDCARD] == "1" else "")
    return Family(pattern, row[_PLATFORM] or "", row[_DESCRIPTION] or "")
