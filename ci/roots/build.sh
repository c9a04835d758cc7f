#!/usr/bin/env bash
# The root folders of --subject NAME@VERSION: keepalived and FRR of Debian 13, extracted and not installed, in the user's cache folder or in
# VRRPLAB_ROOTS. Prints the links by which they are found, and makes nothing where it is there already: remove the folder for a later
# point release.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suite=trixie
name=debian-13
roots=${VRRPLAB_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/vrrplab/roots}
say() { printf '%s: %s\n' "ci/roots/build.sh" "$*" >&2; }

# Starts a program with the libraries of the root and prints its version: as the laboratory starts it, so that what does not run gets no link.
version() {
    local root=$1 program=$2 loader libraries
    loader=$(compgen -G "$root/usr/lib/*-linux-*/ld-linux*.so.*" | head -1)
    libraries=$(dirname "$loader")
    { "$loader" --inhibit-cache --library-path "$libraries:$libraries/frr" "$root/$program" --version 2>&1 || true; } |
        sed -nE 's/^(Keepalived v|vrrpd version )([0-9][0-9A-Za-z.~+-]*).*/\2/p' | head -1
}
link() {
    local subject=$1 program=$2 found
    found=$(version "$roots/$name" "$program")
    [ -n "$found" ] || { say "$roots/$name/$program does not start; remove $roots/$name and try again"; exit 3; }
    ln -sfn "$name" "$roots/$subject@$found"
    echo "$roots/$subject@$found"
}
publish() {
    link keepalived usr/sbin/keepalived
    link frr usr/lib/frr/vrrpd
}
if [ -d "$roots/$name" ]; then
    publish
    exit 0
fi

"$here/../packages.sh" mmdebstrap debian-archive-keyring
mkdir -p "$roots"
exec 9>"$roots/lock"
flock 9
[ ! -d "$roots/$name" ] || { publish; exit 0; }
work=$(mktemp -d "$roots/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
SECONDS=0
say "extracts keepalived and frr of Debian $suite, which takes half a minute"
mkdir "$work/root"
# Through an archive, so that the files belong to whoever calls this. What programs do not load is left out; libperl they do load.
unneeded=(./dev ./tmp ./var ./usr/bin ./usr/include ./usr/share ./usr/lib/systemd './usr/lib/*/perl*' './usr/lib/*/systemd' './usr/lib/*/gconv')
mmdebstrap --quiet --variant=extract --include=keepalived,frr "$suite" - 2>"$work/log" |
    tar -x -C "$work/root" --no-same-owner "${unneeded[@]/#/--exclude=}" || { tail -20 "$work/log" >&2; exit 3; }
# keepalived ends at once without its build options, which it looks for in /etc and beside itself. The machine's /etc is not this root's.
cp "$work/root/etc/keepalived/keepalived.config-opts" "$work/root/usr/sbin/"
rm -r "$work/root/etc"
chmod 755 "$work/root"
mv "$work/root" "$roots/$name"
say "done in $SECONDS s, $(du -sm "$roots/$name" | cut -f1) MiB"
publish
