"""The one page that Django serves when it is timed."""

from typing import Any

from django.http import HttpResponse
from django.urls import path


def page(request: Any) -> HttpResponse:
    """Answer with the cookies the request asks for."""
    from cookie_consent.util import get_cookie_value_from_request

    if request.environ["bench.asks"]:
        get_cookie_value_from_request(request, "statistical")
    response = HttpResponse(b"ok")
    for name, value in request.environ["bench.fields"]:
        if name == "Set-Cookie":
            key, _, rest = value.partition("=")
            response.set_cookie(key, rest.partition(";")[0], max_age=3600)
    return response


urlpatterns = [path("shop/item/42", page)]
