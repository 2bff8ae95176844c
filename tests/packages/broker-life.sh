# What the lives of the packages of the node have in common. Sourced, not run; $root is the Debian,
# which for an rpm serves as a Fedora.

work=$(mktemp -d)
# It has a network of its own, without anything in it.
ip link set lo up
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"; rm -rf "$work"' EXIT
config=$root/etc/broker/broker.cfg

# The files of the Debian, but for those that the package managers keep for themselves, and what stays
# of accounts.
files() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./run \
        -o -path ./var/lib/dpkg -o -path ./var/lib/rpm \) -prune -o -print) |
        grep -vE '^\./etc/(passwd|group|shadow|gshadow)-$|^\./var/log/dpkg.log$' | sort
}

# The service as the package makes it: its account, a configuration of which nothing is odd, a unit.
made() {
    chroot "$root" getent passwd broker-node | grep -q ':/nonexistent:/usr/sbin/nologin$' ||
        failed "$1: no account broker-node that cannot log in"
    silent "$1: broker-node --check" chroot --userspec=broker-node:broker-node "$root" \
        sh -c 'broker-node --check --strict -c /etc/broker/broker.cfg >/dev/null'
    silent "$1: systemd-analyze verify" chroot "$root" systemd-analyze verify --man=no \
        broker-node.service
}

# A line goes from one pipe through the node to another one.
serves() {
    local daemon reader
    # What the last one said is not to be taken for its words.
    : >"$work/daemon" >"$work/reader" >"$work/printed"
    chroot --userspec=broker-node:broker-node "$root" \
        broker-node -c /etc/broker/broker.cfg -t /lines 2>"$work/daemon" &
    daemon=$!
    pipe=(chroot "$root" broker-pipe --disable-ssl -t /lines -p 127.0.0.1:9999)
    "${pipe[@]}" -m subscribe -c 1 >"$work/printed" 2>"$work/reader" &
    reader=$!
    wait_said "$work/reader" peer_added
    # The node may know of the reader a moment later than the reader of the node.
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        echo hello | "${pipe[@]}" -m publish 2>"$work/writer" || failed "$1: $(cat "$work/writer")"
        if [ -s "$work/printed" ]; then break; fi
        sleep 0.05
    done
    wait "$reader" || failed "$1: $(cat "$work/reader" "$work/daemon")"
    [ "$(cat "$work/printed")" = 'data(/lines, hello)' ] || failed "$1: $(cat "$work/printed")"
    kill "$daemon"
    wait "$daemon" || failed "$1: the node ended with $?: $(cat "$work/daemon")"
    passed "$1: a line goes through the node"
}
wait_said() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        if grep -q "$2" "$1"; then return; fi
        sleep 0.05
    done
    failed "never said: $2: $(cat "$1")"
}

# What dpkg says when one package takes the place of the other.
takes_over='^dpkg: considering removing |^dpkg: yes, will remove '
dpkg_() {
    DEBIAN_FRONTEND=noninteractive chroot "$root" dpkg --force-unsafe-io "$@" 2>"$work/said" \
        >"$work/dpkg" || failed "dpkg $*: $(cat "$work/dpkg" "$work/said")"
    if grep -vE "^Creating (group|user) 'broker-node'|^(Created|Removed) |$takes_over" "$work/said"; then
        failed "dpkg $*: the scripts say more than they should"
    fi
}
put() {
    cp "$1" "$root/tmp/broker.deb"
    dpkg_ --install /tmp/broker.deb
    rm "$root/tmp/broker.deb"
}
rpm_() {
    rpm --root "$root" --nodeps "$@" >"$work/said" 2>&1 || failed "rpm $*: $(cat "$work/said")"
    if grep -vE "^rpm: |^warning: .*saved as|^Creating (group|user) 'broker-node'|^(Created|Removed) " \
        "$work/said"; then
        failed "rpm $*: the scripts say more than they should"
    fi
}
# A base of rpm's, with what on Fedora is of the package "filesystem"; and what of it goes again.
like_fedora() {
    rpm --root "$root" --initdb
    mkdir -p "$root"/usr/share/{licenses,fish/vendor_completions.d,zsh/site-functions}
}
like_debian() {
    rmdir "$root"/usr/share/{licenses,fish/vendor_completions.d,fish,zsh/site-functions,zsh} 2>/dev/null || :
}
