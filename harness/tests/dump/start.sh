#!/bin/sh
# Runs the daemon on $1/keepalived.conf and leaves its dumps and its log in $1. Called in namespaces of its own
# (network, mounts, processes, host name), which end with it. The root it sees is a copy-on-write one, so that the
# dummy scripts and users of a configuration can stand where it says.
set -u
work=$1
root=/run/root

if [ "${2:-}" != inside ]; then
    mount -t tmpfs tmpfs /run && mkdir /run/upper /run/other $root || exit 90
    mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/other overlay $root || exit 90
    mkdir -p $root/lab && mount --bind "$work" $root/lab || exit 90
    mount -t proc proc $root/proc && mount --rbind /dev $root/dev && mount --rbind /sys $root/sys || exit 90
    mount -t tmpfs tmpfs $root/tmp && mount -t tmpfs tmpfs $root/run || exit 90
    exec chroot $root /bin/sh /lab/start.sh /lab inside
fi

cd "$work" || exit 90
hostname this-host && echo "127.0.0.1 this-host" >>/etc/hosts
while read -r script; do
    mkdir -p "${script%/*}"
    [ -e "$script" ] || printf '#!/bin/sh\n' >"$script"
    chmod 755 "$script"
done <needs.scripts
while read -r folder; do mkdir -p "$folder"; done <needs.folders
# All of them may do what root may, so that no script is out of reach.
while read -r user; do
    grep -q "^$user:" /etc/passwd || echo "$user:x:0:0::/:/bin/sh" >>/etc/passwd
    grep -q "^$user:" /etc/group || echo "$user:x:0:" >>/etc/group
done <needs.users
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
ip -force -batch needs.links >links.log 2>&1

LD_PRELOAD=/lab/libipvs.so keepalived -n -l -D -i lab -f /lab/keepalived.conf >log 2>&1 &
daemon=$!
wait_for() {
    turns=0
    until [ $turns -ge "$1" ] || ! kill -0 $daemon 2>/dev/null; do
        eval "$2" && return 0
        sleep 0.03
        turns=$((turns + 1))
    done
    return 1
}
# Every child, and the daemon itself, says once more what it does. One that has just started may miss the first signal.
everybody() {
    printing=$(grep -o "Printing .* data for" log | sort -u | wc -l)
    children=$(grep -o ": Starting .* child process" log | sort -u | wc -l)
    [ "$printing" -gt "$children" ]
}
if wait_for 200 'grep -q "Startup complete" log'; then
    for _ in 1 2 3 4 5; do
        kill -USR1 $daemon
        wait_for 20 everybody && break
    done
fi
# A child finishes its dump before it looks at the next signal.
kill -TERM $daemon 2>/dev/null
wait $daemon
echo $? >status
cp /tmp/keepalived*.data . 2>/dev/null
exit 0
