"""Whole objects below one prefix of an object store: read, and written only under a condition.

Where they are is a URL; the endpoint and the credentials come from the environment, as the tools of each cloud read it.
What a store answers is never shown word by word: it may hold a signed URL.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from hmsplan.errors import StateError
from hmsplan.secrets.hosts import is_loopback
from hmsplan.state.storage import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from obstore import UpdateVersion

ENDPOINTS: Final[dict[str, tuple[str, ...]]] = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
"""Variables that may name another endpoint than the cloud's own."""

TIMEOUT: Final = "10s"
CONNECT_TIMEOUT: Final = "5s"
RETRIES: Final = 3
PATIENCE: Final = timedelta(seconds=20)
"""After this long no call is tried again; each call ends before a lease does."""
READERS: Final = 16

_PREFIX: Final = re.compile(r"[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*")
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CODE: Final = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3})")
_LOGIN: Final = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION; profiles are not read: "
    'eval "$(aws configure export-credentials --format env)"',
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or a token",
}

Tag: TypeAlias = "UpdateVersion"
"""Names one content of an object; a write under its condition succeeds only on that content."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object as it was read."""

    data: bytes
    tag: Tag


class InDoubt(StoreError):
    """A write was sent, and it is not known whether it happened, or still will."""


class Conflict(StoreError):
    """The condition of a write does not hold: another process wrote."""


class Objects:
    """The objects below the prefix that *url* names, ``s3://bucket/prefix`` and the like.

    Raises:
        StateError: obstore is not installed, or the URL or the endpoint in *environ* cannot be used.
    """

    def __init__(self, url: str, environ: Mapping[str, str] = os.environ) -> None:
        self.url: Final = checked(url)
        self._scheme: Final = urlsplit(url).scheme
        try:
            import obstore  # noqa: PLC0415 -- an extra
            from obstore import exceptions, store  # noqa: PLC0415
        except ImportError:
            raise StateError(
                f"state in {self._scheme}:// needs a library that is not installed; run "
                "pip install 'hmsplan[object-store]'"
            ) from None
        self._api: Final = obstore
        self._refused: Final = (exceptions.AlreadyExistsError, exceptions.PreconditionError)
        self._absent: Final = (FileNotFoundError, exceptions.NotFoundError)
        self._denied: Final = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
        self._failed: Final = (exceptions.BaseError, OSError, ValueError)
        is_plain = refuse_plain_http(self._scheme, environ)
        try:
            self._store = store.from_url(
                self.url,
                client_options={"timeout": TIMEOUT, "connect_timeout": CONNECT_TIMEOUT, "allow_http": is_plain},
                retry_config={"max_retries": RETRIES, "retry_timeout": PATIENCE},
            )
        except self._failed as error:
            raise self._error("use", "", error) from None

    def where(self, name: str) -> str:
        """Name an object for people."""
        return f"{self.url}/{name}".rstrip("/")

    def get(self, name: str) -> Found | None:
        """Read an object; None when there is none, or no bucket."""
        try:
            found = self._api.get(self._store, name)
            return Found(bytes(found.bytes()), _tag(found.meta))
        except self._absent:
            return None
        except self._failed as error:
            raise self._error("read", name, error) from None

    def get_all(self, names: Iterable[str]) -> list[bytes | None]:
        """Read many objects, in their order; None for those that are gone."""
        with ThreadPoolExecutor(READERS) as pool:
            return [found.data if found else None for found in pool.map(self.get, names)]

    def tag(self, name: str) -> Tag | None:
        """Ask which content an object has; None when there is none."""
        try:
            return _tag(self._api.head(self._store, name))
        except self._absent:
            return None
        except self._failed as error:
            raise self._error("read", name, error) from None

    def names(self, prefix: str) -> list[str]:
        """List the names of the objects in the folder *prefix*, sorted."""
        try:
            return sorted(item["path"] for batch in self._api.list(self._store, prefix) for item in batch)
        except (*self._absent, *self._failed) as error:
            raise self._error("list", prefix, error) from None

    def folders(self) -> list[str]:
        """List the first parts of the names of objects that lie deeper, sorted."""
        try:
            prefixes = self._api.list_with_delimiter(self._store)["common_prefixes"]
        except (*self._absent, *self._failed) as error:
            raise self._error("list", "", error) from None
        return sorted(prefix.strip("/") for prefix in prefixes)

    def put(self, name: str, data: bytes, over: Tag | None) -> Tag:
        """Write an object over the content *over*; None = it is not there yet.

        Raises:
            Conflict: it has another content by now, which is not *data*.
            InDoubt: no answer came.
        """
        return self._put(name, data, "create" if over is None else over)

    def overwrite(self, name: str, data: bytes) -> None:
        """Write an object, whatever was there."""
        self._put(name, data, "overwrite")

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects; that one is gone already is fine."""
        try:
            if names:
                self._api.delete(self._store, list(names))
        except self._absent:
            return
        except self._failed as error:
            raise self._error("delete", names[0], error) from None

    def refuse_unconditional(self, name: str, data: bytes, tag: Tag) -> None:
        """Write an object of ours twice under conditions that do not hold, which the store has to refuse.

        Raises:
            StateError: it takes such a write, so that two runs could write at once.
        """
        wrong: Tag = {"e_tag": f'"{"0" * 32}"'}
        if tag.get("version") is not None:
            wrong["version"] = "1"
        probes: tuple[tuple[Any, str], ...] = (("create", "If-None-Match"), (wrong, "If-Match"))
        for mode, words in probes:
            try:
                self._api.put(self._store, name, data, mode=mode, use_multipart=False)
            except self._refused:
                continue
            except self._failed as error:
                raise self._error("write", name, error) from None
            raise StateError(
                f"the store of {self.url} does not honour conditional writes ({words}): two runs could write at the "
                "same time and lose what the other did. Use a store that does, or PostgreSQL",
                summary="Unsafe object store",
            )

    def _put(self, name: str, data: bytes, mode: Any) -> Tag:
        try:
            result = self._api.put(self._store, name, data, mode=mode, use_multipart=False)
        except self._refused:
            return self._ours(name, data) or _raise(Conflict(f"{self.where(name)} was written by another process"))
        except (*self._absent, *self._denied) as error:
            raise self._error("write", name, error) from None
        except self._failed as error:
            try:
                tag = self._ours(name, data)
            except StoreError:
                tag = None
            return tag or _raise(self._error("write", name, error, InDoubt))
        return _tag(result)

    def _ours(self, name: str, data: bytes) -> Tag | None:
        """Give the tag of an object that has our content: the write happened, and its answer was lost."""
        found = self.get(name)
        return found.tag if found is not None and found.data == data else None

    def _error(
        self, verb: str, name: str, error: Exception, kind: Callable[[str], StoreError] = StoreError
    ) -> StoreError:
        return kind(f"cannot {verb} {self.where(name)}: {self._why(error)}")

    def _why(self, error: Exception) -> str:
        """Say why a call failed, in words of ours."""
        text = str(error)
        code, status = _CODE.search(text), _STATUS.search(text)
        if code is not None and code[1] in {"NoSuchBucket", "ContainerNotFound"}:
            return "there is no such bucket"
        if isinstance(error, self._denied) or (status is not None and status[1] in {"401", "403"}):
            told = f" ({code[1]})" if code else ""
            return f"the store refuses these credentials{told}; it takes {_LOGIN[self._scheme]}"
        if status is not None:
            return f"the store answered {status[1]}" + (f" ({code[1]})" if code else "")
        if isinstance(error, self._absent):
            return "there is no such bucket"
        if "redential" in text or "etadata" in text or "Account must be specified" in text:
            return f"there are no credentials; set {_LOGIN[self._scheme]}"
        return "no answer came in time" if "TimedOut" in text or "timed out" in text else "there is no connection"


def checked(url: str) -> str:
    """Give a URL without its last slash, if it is nothing but a bucket and a prefix.

    Raises:
        StateError: it holds more; what, is not repeated, for it may be a secret.
    """
    parts = urlsplit(url)
    scheme, bucket, prefix = parts.scheme, parts.netloc, parts.path.strip("/")
    if not _BUCKET.fullmatch(bucket) or (prefix and not _PREFIX.fullmatch(prefix)) or parts.query or parts.fragment:
        raise StateError(
            f"the URL of the state is not {scheme}://BUCKET/PREFIX, of letters, digits and . _ = - alone. Credentials "
            f"and the endpoint come from the environment: {', '.join(ENDPOINTS[scheme])}"
        )
    if {".", ".."} & set(prefix.split("/")):
        raise StateError("the prefix of the state holds . or ..")
    return f"{scheme}://{bucket}/{prefix}".rstrip("/")


def refuse_plain_http(scheme: str, environ: Mapping[str, str]) -> bool:
    """Say whether the endpoint is plain http, which only this machine may be.

    Raises:
        StateError: it is another machine.
    """
    is_plain = False
    for name in ENDPOINTS[scheme]:
        parts = urlsplit(environ.get(name, "").strip())
        if parts.scheme != "http":
            continue
        if not is_loopback(parts.hostname or ""):
            raise StateError(
                f"{name} is plain http to another machine, where everybody on the way could read and change the "
                "state; use https"
            )
        is_plain = True
    return is_plain


def _tag(meta: Mapping[str, Any]) -> Tag:
    """Keep what a later condition names: S3 and Azure compare the ETag, Google the version."""
    tag: Tag = {}
    if meta["e_tag"] is not None:
        tag["e_tag"] = meta["e_tag"]
    if meta.get("version") is not None:
        tag["version"] = meta["version"]
    return tag


def _raise(error: StoreError) -> Any:
    raise error
