"""The testing kit under type checkers; each ignored error must be reported."""

from wsgiref.types import WSGIApplication

from consentgate import ConsentGate, Policy
from consentgate.testing import Visitor, assert_all_declared, assert_enforced, assert_transparent, visit


def suite(app: WSGIApplication, gate: ConsentGate, policy: Policy) -> None:
    """A site's own tests."""
    visitor = Visitor(app, origin="https://shop.test", cookies={"session": "1"})
    visitor.accept("statistical")
    assert_enforced(gate)
    assert_enforced(app, gate=gate, application=gate.app, cookies=visitor.jar)
    assert_enforced(
        app,
        gate=None,
        routes=["/", ("DELETE", "/cart"), ("POST", "/login", {"name": "ann"}), ("PUT", "/note", b"text")],
        cookies="session=1",
        environ={"HTTP_HOST": "shop.test"},
    )
    assert_transparent(app, gate.app, gate=gate, routes=("/",))
    assert_all_declared(app, ["/"], gate=gate)
    assert visit(policy, ["statistical"], answers_withheld=False).allows("statistical")
    assert_enforced(app, gate=app)  # type: ignore[arg-type]
    assert_enforced(app, routes=[("POST",)])  # type: ignore[list-item]
    assert_enforced(app, cookies=["session=1"])  # type: ignore[arg-type]
    Visitor(app, cookies=1)  # type: ignore[arg-type]
