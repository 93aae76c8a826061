#!/bin/sh
# Some tests need programs of the system: a PostgreSQL server and PgBouncer that they start themselves, a browser, and the
# shells in which commands are completed.
# This installs what is missing. What cannot be had is said, and its tests are skipped; in CI (CI=true) that is a failure.
set -u

has() {
    command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1 || test -x "/usr/sbin/$1"
}

missing() {
    has initdb || echo postgresql
    has pgbouncer || echo pgbouncer
    has chromium || has chromium-browser || has google-chrome || echo chromium
    has zsh || echo zsh
    has fish || echo fish
}

wanted=$(missing)
test -n "$wanted" || exit 0

if [ "$(id -u)" = 0 ]; then as_root=; else as_root="sudo -n"; fi
if command -v apt-get >/dev/null 2>&1; then
    # create_main_cluster: the package would start a server that nobody asked for
    # shellcheck disable=SC2086
    {
        $as_root mkdir -p /etc/postgresql-common
        test -e /etc/postgresql-common/createcluster.conf ||
            echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.conf
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends -o Dpkg::Options::=--force-confold $wanted
    } >/dev/null 2>&1
fi

wanted=$(missing)
test -n "$wanted" || exit 0
echo "Not installed, and cannot be had here: $(echo $wanted). The tests that need it are skipped." >&2
test "${CI:-}" != true
