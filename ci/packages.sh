#!/usr/bin/env bash
# Installs those of the named Debian packages that are not there: ci/packages.sh NAME...
set -euo pipefail
missing=()
for package in "$@"; do
    # A package that is merely known has a line too.
    [[ $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
printf 'ci/packages.sh: installs %s\n' "${missing[*]}" >&2
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
