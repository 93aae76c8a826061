"""A server that speaks S3, as a process of its own on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from support.stores import Store, UrlStore

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM: Final = Path(__file__).with_name("moto_server.py")
BUCKET: Final = "states"
HEEDLESS: Final = "heedless"  # see the program
SECRET: Final = "c4nary-of-the-bucket"


class S3Server:
    """A running server with its buckets.

    Attributes:
        environ: what a process has to find in its environment to reach it.
    """

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.environ = environ_of(port)

    def url(self, prefix: str) -> str:
        return f"s3://{BUCKET}/{prefix}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def environ_of(port: int) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "fl_s3_tests",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }


@contextmanager
def s3_server() -> Iterator[S3Server]:
    with subprocess.Popen([sys.executable, PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        server = S3Server(process, int(process.stdout.readline()))
        try:
            for bucket in (BUCKET, HEEDLESS):
                request = urllib.request.Request(f"http://127.0.0.1:{server.port}/{bucket}", method="PUT")
                urllib.request.urlopen(request).close()
            yield server
        finally:
            process.kill()


@pytest.fixture(scope="session")
def shared_s3() -> Iterator[S3Server]:
    """One server for all tests of a process; each keeps to a prefix of its own."""
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(shared_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The shared server, and the environment in which this process and its children reach it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in shared_s3.environ.items():
        monkeypatch.setenv(name, value)
    return shared_s3


@pytest.fixture
def bucket_store(s3: S3Server, tmp_path: Path) -> Store:
    return UrlStore(s3.url(uuid.uuid4().hex), tmp_path)
