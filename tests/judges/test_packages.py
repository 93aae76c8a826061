"""The sdist and the wheel are in order to twine, check-wheel-contents and pyroma, and hold what they must."""

from __future__ import annotations

import re
import shutil
import tarfile
import zipfile
from email import message_from_bytes
from typing import TYPE_CHECKING, cast

import pytest

import hmsplan
from hmsplan.cli.mcp_tools import PAGES

from .outside import REPOSITORY, needs
from .packages import STRAY, URL, Packages, environment, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs("distribution")


def names(packages: Packages) -> tuple[set[str], set[str]]:
    """Return the names of the files in the wheel and in the sdist."""
    with zipfile.ZipFile(packages.wheel) as wheel, tarfile.open(packages.sdist) as sdist:
        return set(wheel.namelist()), {name.partition("/")[2] for name in sdist.getnames()}


def metadata(packages: Packages) -> tuple[dict[str, str], str]:
    """Return the URLs and the README in the metadata of the wheel."""
    with zipfile.ZipFile(packages.wheel) as wheel:
        told = message_from_bytes(wheel.read(f"hmsplan-{hmsplan.__version__}.dist-info/METADATA"))
    urls = dict(url.split(", ", 1) for url in told.get_all("Project-URL", []))
    return urls, cast("bytes", told.get_payload(decode=True)).decode()


@pytest.mark.parametrize("which", ["local", "published"])
def test_they_are_those_of_this_version(built: Path, which: str) -> None:
    """One of each, built and judged without a finding, or the fixture fails."""
    packages = Packages(built / which)
    assert packages.wheel.name == f"hmsplan-{hmsplan.__version__}-py3-none-any.whl"
    assert packages.sdist.name == f"hmsplan-{hmsplan.__version__}.tar.gz"


def test_what_is_wrong_with_a_package_is_found(packages: Packages, tmp_path: Path) -> None:
    """The judges of the release judge: a wheel without a README is refused."""
    shutil.copy(packages.sdist, tmp_path)
    with zipfile.ZipFile(packages.wheel) as good, zipfile.ZipFile(tmp_path / packages.wheel.name, "w") as bad:
        for name in good.namelist():
            text = good.read(name)
            bad.writestr(name, text.partition(b"\n\n")[0] + b"\n\n" if name.endswith("/METADATA") else text)
    said = run("sh", REPOSITORY / "scripts" / "judge_dist.sh", tmp_path, cwd=tmp_path, code=1)
    assert "`long_description` missing" in " ".join(said.stdout.split())


def test_the_wheel_has_every_file_of_the_package(packages: Packages) -> None:
    """Code, templates, pages, the API's description; and the schemas and the example, which lie beside it here."""
    wheel, _ = names(packages)
    beside = {"hmsplan": "hmsplan", "schemas": "hmsplan/schemas", "examples/stack": "hmsplan/examples/stack"}
    wanted = {
        f"{within}/{path.relative_to(REPOSITORY / folder).as_posix()}"
        for folder, within in beside.items()
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and not {"__pycache__", ".hmsplan"} & set(path.parts)
    }
    assert {name for name in wheel if re.match("hmsplan/(?!docs/)", name)} == wanted
    assert {f"hmsplan/docs/{name}.md" for name in PAGES} <= wheel


def test_the_sdist_has_what_the_tests_need(packages: Packages) -> None:
    """Whoever packages hmsplan for a distribution tests it."""
    _, sdist = names(packages)
    needed = {"Makefile", "Dockerfile", "action.yml", "requirements/dev.lock", "tests/conftest.py", "schemas/kinds"}
    needed |= {
        ".github/workflows/release.yml",
        ".pre-commit-hooks.yaml",
        "scripts/judges",
        "CHANGELOG.md",
        "docs/plan.svg",
    }
    assert {name for name in needed if not any(f"{file}/".startswith(f"{name}/") for file in sdist)} == set()


@pytest.mark.parametrize("which", ["local", "published"])
def test_nothing_that_git_ignores_is_in_them(built: Path, which: str) -> None:
    """An emulator's state in the example, say, or a virtual environment."""
    found = set.union(*names(Packages(built / which)))
    assert not {name for name in found if STRAY.partition("/")[2] in name or ".venv" in name or ".judges" in name}


def test_a_published_readme_leads_to_the_files_of_its_version(built: Path) -> None:
    """PyPI shows it far from them; there is no link and no picture without a host."""
    urls, text = metadata(Packages(built / "published"))
    at = f"v{hmsplan.__version__}"
    assert f"]({URL}/raw/{at}/docs/plan.svg)" in text
    assert f"]({URL}/blob/{at}/docs/promises.md)" in text
    assert f"]({URL}/tree/{at}/examples/stack)" in text
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")] == []
    assert urls["Source"] == URL
    assert all(url.startswith(URL) for url in urls.values())


def test_a_build_elsewhere_names_no_host(packages: Packages) -> None:
    """There is none that would be right."""
    urls, text = metadata(packages)
    assert urls == {}
    assert text.strip() == (REPOSITORY / "README.md").read_text("utf-8").strip()


def test_an_image_is_made_of_what_the_linter_has_no_word_about(tmp_path: Path) -> None:
    """By hadolint; it finds a base that moves."""
    hadolint = REPOSITORY / ".judges" / "distribution" / "bin" / "hadolint"
    assert run(hadolint, REPOSITORY / "Dockerfile", cwd=tmp_path).stdout == ""
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nRUN cd /x && pip install y\n", "utf-8")
    assert "DL3007" in run(hadolint, "Dockerfile", cwd=tmp_path, env=environment(), code=1).stdout
