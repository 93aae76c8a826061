#!/bin/sh
# Programs of others judge the sdist and the wheel in a folder: is what PyPI will show and pip will install in order?
# `sh scripts/judges distribution` installs them.
set -eu
judges=$(dirname "$0")/../.judges/distribution/bin
"$judges/twine" check --strict "$1"/*
"$judges/check-wheel-contents" "$1"/*.whl
# The maintainers have no mailbox; the addresses of the project are known where it is published from.
skip=AuthorEmail
test -n "${HMSPLAN_REPOSITORY_URL:-}" || skip=$skip,Url
PATH=$judges:$PATH "$judges/pyroma" --min 10 --skip-tests "$skip" --file "$1"/*.tar.gz
