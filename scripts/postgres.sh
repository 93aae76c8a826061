#!/bin/sh
# The tests of the PostgreSQL backend start a server of their own. This installs its programs where there are none.
# Where they cannot be had, those tests are skipped; in CI (CI=true) that is a failure.
set -u

has() {
    command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1 || test -x "/usr/sbin/$1"
}

missing=
has initdb || missing=postgresql
has pgbouncer || missing="$missing pgbouncer"
test -n "$missing" || exit 0

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
            --no-install-recommends -o Dpkg::Options::=--force-confold $missing
    } >/dev/null 2>&1
fi

has initdb && has pgbouncer && exit 0
echo "PostgreSQL or PgBouncer is not installed and cannot be had here ($missing): its tests are skipped." >&2
test "${CI:-}" != true
