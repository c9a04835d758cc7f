#!/usr/bin/env bash
# The kernel of --world uml: User Mode Linux from Debian's source package, in the user's cache folder. Prints its path and does nothing where
# it is there already. VRRPLAB_UML=PATH uses another one and builds none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ -n "${VRRPLAB_UML:-}" ]; then
    [ -x "$VRRPLAB_UML" ] || { echo "VRRPLAB_UML: no kernel at $VRRPLAB_UML" >&2; exit 3; }
    echo "$VRRPLAB_UML"
    exit 0
fi
package=linux-source-6.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/vrrplab/uml
say() { printf '%s: %s\n' "ci/uml/build.sh" "$*" >&2; }

"$here/../packages.sh" "$package" flex bison bc xz-utils make gcc

# The same version with the same configuration is the same kernel.
version=$(dpkg-query -W -f='${Version}' "$package")
hash=$(sha256sum "$here/kernel.config" | cut -c1-12)
kernel=$cache/linux-$version-$hash
publish() { ln -sfn "$(basename "$kernel")" "$cache/linux"; echo "$cache/linux"; }
if [ -x "$kernel" ]; then
    publish
    exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
[ ! -x "$kernel" ] || { publish; exit 0; }
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
SECONDS=0
say "unpacks $package $version"
tar -xf "/usr/src/$package.tar.xz" -C "$work"
cd "$work/$package"
make ARCH=um tinyconfig >/dev/null
ARCH=um scripts/kconfig/merge_config.sh -m .config "$here/kernel.config" >/dev/null
make ARCH=um olddefconfig >/dev/null
# An option that the version does not know, or whose condition is not met, would be missed only by a scenario.
lost=$(grep -E '^CONFIG_' "$here/kernel.config" | grep -vxFf .config || true)
[ -z "$lost" ] || { say "this kernel does not have: $lost"; exit 3; }
say "builds with $(nproc) jobs, which takes some minutes"
make ARCH=um -j"$(nproc)" >"$work/log" 2>&1 &
while kill -0 $! 2>/dev/null; do
    sleep 20
    say "$SECONDS s, $(grep -c '^  CC' "$work/log" || true) files compiled"
done
wait $! || { tail -20 "$work/log" >&2; exit 3; }
strip -o "$kernel.new" linux
mv "$kernel.new" "$kernel"
say "done in $SECONDS s"
publish
