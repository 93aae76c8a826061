"""The few calls of GitHub's and of GitLab's API that the jobs of ``init --ci`` make, as real HTTP servers.

Who may do what is checked as the hosts do: GitHub's token carries the permissions of its job, GitLab's is one of a
project. Lists have pages of two, so that a caller who reads only the first is found out.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[..., Any]

PAGE: Final = 2
BOT: Final = "github-actions[bot]"
GITLAB_TOKEN: Final = "glpat-c4nary-token"


class Refusal(Exception):
    """The status of an answer that is no success."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Host:
    """What both hosts have: routes, and a server that asks them.

    Attributes:
        url: set while it runs.
    """

    def __init__(self) -> None:
        self.url = ""
        self.routes: list[tuple[str, str, Answer]] = []

    def may(self, token: str, scope: str) -> None:
        """Raise Refusal when the token does not allow *scope*."""
        raise NotImplementedError

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> Any:
        for wanted, pattern, function in self.routes:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return function(token, *found.groups(), **({"body": body} if method != "GET" else {"query": query}))
        raise Refusal(404)


class GitHub(Host):
    """One repository, ``acme/voice``, whose default branch is ``main``."""

    ID: Final = 7

    def __init__(self) -> None:
        super().__init__()
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.pulls: list[dict[str, Any]] = []
        self.artifacts: list[dict[str, Any]] = []
        self.files: dict[int, dict[str, bytes]] = {}  # of the artifacts, by id
        repo = "/repos/acme/voice"
        self.routes = [
            ("GET", repo, self._repository),
            ("GET", f"{repo}/actions/artifacts", self._list_artifacts),
            ("GET", f"{repo}/commits/([0-9a-f]+)/pulls", self._list_pulls),
            ("GET", f"{repo}/issues/([0-9]+)/comments", self._list_comments),
            ("POST", f"{repo}/issues/([0-9]+)/comments", self._comment),
            ("PATCH", f"{repo}/issues/comments/([0-9]+)", self._edit_comment),
            ("GET", f"{repo}/issues", self._list_issues),
            ("POST", f"{repo}/issues", self._open_issue),
            ("PATCH", f"{repo}/issues/([0-9]+)", self._edit_issue),
            ("GET", f"{repo}/pulls", self._list_open),
            ("POST", f"{repo}/pulls", self._open_pull),
            ("PATCH", f"{repo}/pulls/([0-9]+)", self._edit_pull),
            ("GET", f"{repo}/git/commits/([0-9a-f]+)", self._commit),
            ("POST", f"{repo}/git/trees", self._make),
            ("POST", f"{repo}/git/commits", self._make),
            ("POST", f"{repo}/git/refs", self._make_ref),
            ("PATCH", f"{repo}/git/refs/(.+)", self._move_ref),
        ]
        self.proposed: list[dict[str, Any]] = []  # pull requests that a job opened
        self.made: dict[str, Any] = {}  # trees and commits, by their sha
        self.branches: dict[str, str] = {}
        self.lets_jobs_propose = True

    def files_of(self, branch: str) -> dict[str, str]:
        """Return path to content of what the commit of a branch changes."""
        commit = self.made[self.branches[branch]]
        return {each["path"]: each["content"] for each in self.made[commit["tree"]]["tree"]}

    def _list_open(self, token: str, query: dict[str, str]) -> Any:
        self.may(token, "pull-requests:read")
        head = query["head"].removeprefix("acme:")
        return [p for p in self.proposed if (p["state"], p["head"], p["base"]) == (query["state"], head, query["base"])]

    def _open_pull(self, token: str, body: Any) -> Any:
        self.may(token, "pull-requests:write")
        if not self.lets_jobs_propose:
            raise Refusal(403)
        self.proposed.append({"number": 700 + len(self.proposed), "state": "open", **body})
        return self.proposed[-1]

    def _edit_pull(self, token: str, number: str, body: Any) -> Any:
        self.may(token, "pull-requests:write")
        (found,) = (each for each in self.proposed if each["number"] == int(number))
        found.update(body)
        return found

    def _commit(self, token: str, sha: str, query: dict[str, str]) -> Any:
        del query
        self.may(token, "contents:read")
        return {"sha": sha, "tree": {"sha": f"{sha[:8]}0"}}

    def _make(self, token: str, body: Any) -> Any:
        self.may(token, "contents:write")
        sha = f"{len(self.made):040x}"
        self.made[sha] = body
        return {"sha": sha}

    def _make_ref(self, token: str, body: Any) -> Any:
        self.may(token, "contents:write")
        self.branches[body["ref"].removeprefix("refs/heads/")] = body["sha"]
        return {}

    def _move_ref(self, token: str, ref: str, body: Any) -> Any:
        self.may(token, "contents:write")
        name = unquote(ref).removeprefix("heads/")
        if name not in self.branches:
            raise Refusal(422)
        assert body["force"] is True
        self.branches[name] = body["sha"]
        return {}

    def may(self, token: str, scope: str) -> None:
        if scope not in token.removeprefix("Bearer ").split(","):
            raise Refusal(403)

    def _repository(self, token: str, query: dict[str, str]) -> Any:
        del token, query
        return {"id": self.ID, "default_branch": "main"}

    def _list_artifacts(self, token: str, query: dict[str, str]) -> Any:
        self.may(token, "actions:read")
        return {"artifacts": [each for each in self.artifacts if each["name"] == query["name"]]}

    def _list_pulls(self, token: str, sha: str, query: dict[str, str]) -> Any:
        del query
        self.may(token, "pull-requests:read")
        return [pull for pull in self.pulls if pull["merge_commit_sha"] == sha]

    def _list_comments(self, token: str, number: str, query: dict[str, str]) -> Any:
        del query
        self.may(token, "pull-requests:read")
        return self.comments.setdefault(int(number), [])

    def _comment(self, token: str, number: str, body: Any) -> Any:
        self.may(
            token, "issues:write" if any(i["number"] == int(number) for i in self.issues) else "pull-requests:write"
        )
        made = {"id": 1000 + sum(map(len, self.comments.values())), "user": {"login": BOT}, "body": body["body"]}
        self.comments.setdefault(int(number), []).append(made)
        return made

    def _edit_comment(self, token: str, number: str, body: Any) -> Any:
        self.may(token, "pull-requests:write")
        (found,) = (each for every in self.comments.values() for each in every if each["id"] == int(number))
        found.update(body)
        return found

    def _list_issues(self, token: str, query: dict[str, str]) -> Any:
        self.may(token, "issues:read")
        return [i for i in self.issues if i["state"] == query["state"] and query["labels"] in i["labels"]]

    def _open_issue(self, token: str, body: Any) -> Any:
        self.may(token, "issues:write")
        self.issues.append({"number": 500 + len(self.issues), "user": {"login": BOT}, "state": "open", **body})
        return self.issues[-1]

    def _edit_issue(self, token: str, number: str, body: Any) -> Any:
        self.may(token, "issues:write")
        (found,) = (each for each in self.issues if each["number"] == int(number))
        found.update(body)
        return found


class GitLab(Host):
    """One project, 7, whose default branch is ``main``."""

    ID: Final = 7
    BOT: Final = 42

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.merge_requests: list[dict[str, Any]] = []
        project = f"/api/v4/projects/{self.ID}"
        self.routes = [
            ("GET", "/api/v4/user", self._me),
            ("GET", f"{project}/repository/commits/([0-9a-f]+)/merge_requests", self._list_merge_requests),
            ("GET", f"{project}/(merge_requests/[0-9]+|issues/[0-9]+)/notes", self._list_notes),
            ("POST", f"{project}/(merge_requests/[0-9]+|issues/[0-9]+)/notes", self._add_note),
            ("PUT", f"{project}/(merge_requests/[0-9]+)/notes/([0-9]+)", self._edit_note),
            ("GET", f"{project}/issues", self._list_issues),
            ("POST", f"{project}/issues", self._open_issue),
            ("PUT", f"{project}/issues/([0-9]+)", self._edit_issue),
            ("GET", f"{project}/merge_requests", self._list_open),
            ("POST", f"{project}/merge_requests", self._open_request),
            ("PUT", f"{project}/merge_requests/([0-9]+)", self._edit_request),
            ("POST", f"{project}/repository/commits", self._make_commit),
        ]
        self.proposed: list[dict[str, Any]] = []  # merge requests that a job opened
        self.branches: dict[str, dict[str, str]] = {}  # path to content of what each changes

    def _list_open(self, token: str, query: dict[str, str]) -> Any:
        self.may(token, "api")
        wanted = query["state"], query["source_branch"]
        return [each for each in self.proposed if (each["state"], each["source_branch"]) == wanted]

    def _open_request(self, token: str, body: Any) -> Any:
        self.may(token, "api")
        self.proposed.append({"iid": 700 + len(self.proposed), "state": "opened", **body})
        return self.proposed[-1]

    def _edit_request(self, token: str, number: str, body: Any) -> Any:
        self.may(token, "api")
        (found,) = (each for each in self.proposed if each["iid"] == int(number))
        found.update({key: value for key, value in body.items() if key != "state_event"})
        if body.get("state_event") == "close":
            found["state"] = "closed"
        return found

    def _make_commit(self, token: str, body: Any) -> Any:
        self.may(token, "api")
        assert body["force"] is True
        assert {each["action"] for each in body["actions"]} == {"update"}
        self.branches[body["branch"]] = {each["file_path"]: each["content"] for each in body["actions"]}
        return {"id": body["start_sha"]}

    def may(self, token: str, scope: str) -> None:
        del scope  # of a project token there is one that matters
        if token != GITLAB_TOKEN:
            raise Refusal(401)

    def _me(self, token: str, query: dict[str, str]) -> Any:
        del query
        self.may(token, "api")
        return {"id": self.BOT}

    def _author(self) -> dict[str, Any]:
        return {"author": {"id": self.BOT}}

    def _list_merge_requests(self, token: str, sha: str, query: dict[str, str]) -> Any:
        del query
        self.may(token, "api")
        return [each for each in self.merge_requests if sha in {each.get("merge_commit_sha"), each["sha"]}]

    def _list_notes(self, token: str, of: str, query: dict[str, str]) -> Any:
        del query
        self.may(token, "api")
        return self.notes.setdefault(of, [])

    def _add_note(self, token: str, of: str, body: Any) -> Any:
        self.may(token, "api")
        made = {"id": 1000 + sum(map(len, self.notes.values())), "body": body["body"], **self._author()}
        self.notes.setdefault(of, []).append(made)
        return made

    def _edit_note(self, token: str, of: str, number: str, body: Any) -> Any:
        self.may(token, "api")
        (found,) = (each for each in self.notes[of] if each["id"] == int(number))
        found.update(body)
        return found

    def _list_issues(self, token: str, query: dict[str, str]) -> Any:
        self.may(token, "api")
        return [i for i in self.issues if i["state"] == query["state"] and query["labels"] in i["labels"].split(",")]

    def _open_issue(self, token: str, body: Any) -> Any:
        self.may(token, "api")
        self.issues.append({"iid": 500 + len(self.issues), "state": "opened", **self._author(), **body})
        return self.issues[-1]

    def _edit_issue(self, token: str, number: str, body: Any) -> Any:
        self.may(token, "api")
        (found,) = (each for each in self.issues if each["iid"] == int(number))
        found.update({key: value for key, value in body.items() if key != "state_event"})
        if body.get("state_event") == "close":
            found["state"] = "closed"
        return found


class _Asked(BaseHTTPRequestHandler):
    """One request, answered by the host of its server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the body waits 40 ms for the client to have the head

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
        """Say nothing."""

    def _answer(self) -> None:
        host = cast("Any", self.server).host
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        token = self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization") or ""
        status, more = 200, {}
        try:
            found = host.answer(self.command, parts.path, query, body, token)
        except Refusal as refusal:
            status, found = refusal.status, {"message": "refused"}
        rows, page = (found.get("artifacts", found) if isinstance(found, dict) else found), int(query.get("page", 1))
        if isinstance(rows, list):
            if len(rows) > page * PAGE:
                more = {"X-Next-Page": str(page + 1), "Link": '<more>; rel="next"'}
            rows = rows[(page - 1) * PAGE : page * PAGE]
            found = {"artifacts": rows} if isinstance(found, dict) else rows
        data = json.dumps(found).encode()
        self.send_response(status)
        for name, value in {**more, "Content-Type": "application/json", "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 -- the names are the base class's


@contextmanager
def serving(host: Host) -> Iterator[None]:
    """Serve *host* on a port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Asked)
    cast("Any", server).host = host
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
