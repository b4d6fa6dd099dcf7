"""The servers that the other tests run: none waits without end, and each says why it failed."""

import socket
import ssl
import subprocess
import sys
import urllib.request
from typing import Any

import pytest

from tests.serving import OPENSSL, PATIENCE, free_port, is_answered, running, serving, serving_tls
from tests.serving import wait_until_answered as wait


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]


def test_a_server_ends_with_its_block() -> None:
    with serving(application) as port:
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE).read() == b"here"
    assert not is_answered(port)


@pytest.mark.skipif(not OPENSSL, reason="needs openssl, which makes a certificate")
def test_a_client_that_says_nothing_holds_up_nobody_else() -> None:
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with serving_tls(application) as port, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
        address = f"https://127.0.0.1:{port}/"
        assert urllib.request.urlopen(address, timeout=PATIENCE, context=anybody).read() == b"here"


def test_a_process_that_has_ended_is_not_waited_for() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such application')"]
    with (
        pytest.raises(AssertionError, match=r"the process ended with 1\nno such application\Z"),
        running(command, free_port()),
    ):
        pass


def test_a_port_that_nobody_answers_is_given_up_in_time() -> None:
    port = free_port()
    with pytest.raises(AssertionError, match=rf"nothing answers on port {port}: not in 0\.1 seconds\Z"):
        wait(port, timeout=0.1)


def test_a_process_ends_with_its_block() -> None:
    port = free_port()
    with running([sys.executable, "-m", "tests.served", str(port)], port) as process:
        assert process.poll() is None
    assert isinstance(process, subprocess.Popen)
    assert process.returncode is not None
