"""The hello-world page of Django."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def hello(request: HttpRequest) -> HttpResponse:
    """Answer."""
    return HttpResponse("Hello, world")


urlpatterns = [path("shop/item/42", hello)]
