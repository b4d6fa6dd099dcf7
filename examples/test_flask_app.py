"""The tests of a Flask project: its server enforces what its policy says.

Run: pip install "consentgate[testing]" pytest; python -m pytest examples/test_flask_app.py
"""

import pytest
from flask_app import app, policy

from consentgate.testing import Visitor, assert_all_declared, assert_enforced, assert_transparent, visit

gate = app.wsgi_app  # policy.wrap(...) put it there


def test_no_cookie_gets_through_that_was_not_accepted():
    """Whatever visitors have answered, and whatever they send."""
    assert_enforced(app, gate=gate, application=gate.app)


def test_nor_behind_the_log_in():
    """With the session of somebody who has logged in, and with the form they log out by."""
    visitor = Visitor(app)
    visitor.get("/").forms[1].submit()  # after the banner's
    log_out = ("POST", "/logout", {"csrf_token": visitor.jar["csrf_token"]})
    assert_enforced(app, gate=gate, application=gate.app, routes=["/", log_out], cookies=visitor.jar)


def test_pages_are_the_same_behind_the_gate():
    steady = {"csrf_token": "1"}  # else every answer makes a new one
    assert_transparent(gate, gate.app, cookies=steady)


def test_a_cookie_that_nobody_declared_is_found():
    with pytest.raises(AssertionError, match='name = "widget"'):
        assert_all_declared(app, gate=gate)


@pytest.fixture
def consent_app():
    """The application that the fixture `consent_visitor` of consentgate's pytest plugin visits."""
    return app


def test_statistics_come_and_go_with_the_visitors_word(consent_visitor):
    consent_visitor.get("/")
    assert "_pk_id.1" not in consent_visitor.jar
    consent_visitor.accept("statistical")
    consent_visitor.get("/")
    assert consent_visitor.jar["_pk_id.1"] == "counted"
    consent_visitor.refuse_all()
    assert "_pk_id.1" not in consent_visitor.jar


def test_visitors_stay_logged_in_when_they_refuse():
    visitor = Visitor(app)
    visitor.get("/").forms[1].submit()  # after the banner's
    visitor.refuse_all()
    assert "Hello Ann" in visitor.get("/").text


def test_the_banner_asks_only_once():
    assert "<form" in visit(policy).banner()
    assert "<form" not in visit(policy, accepted=["statistical"]).banner()
