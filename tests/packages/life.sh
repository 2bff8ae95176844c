# What the lives of all packages in the Debian under $root have in common; for an rpm it serves as a
# Fedora. Sourced, not run; $account is the account that the package makes.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# It has processes and a network of its own, without anything in them.
mount -t proc proc "$root/proc"
ip link set lo up

# Each life makes its account anew.
without_account() { chroot "$root" userdel "$account" 2>/dev/null || true; }
without_account

# The files of the Debian, but for those that the package managers keep for themselves, those that
# do not outlive a start, and the copies that the tools of accounts make, since the account stays.
files() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./run \
        -o -path ./var/lib/dpkg -o -path ./var/lib/rpm \) -prune -o -print) |
        grep -vE '^\./etc/(passwd|group|shadow|gshadow)-$|^\./var/log/dpkg.log$' | sort
}

# The account can run what the package is there for, and cannot log in.
as() { chroot --userspec="$account:$account" "$root" "$@"; }
has_account() {
    chroot "$root" getent passwd "$account" | grep -q ':/nonexistent:/usr/sbin/nologin$' ||
        failed "$1: no account $account that cannot log in"
}

# units NAME UNIT...: nothing is wrong with the units. Their pages are packed, but nothing in there can
# show them.
units() {
    local name=$1
    shift
    silent "$name: systemd-analyze verify" chroot "$root" systemd-analyze verify --man=no "$@"
}
enabled() { chroot "$root" systemctl is-enabled "$1" 2>/dev/null || true; }

# starts PROGRAM...: a daemon, $daemon, as the account; its words are in $work/daemon.
starts() {
    # What the last one said is not to be taken for its words.
    : >"$work/daemon"
    # Without a shell between, which signals would end.
    chroot --userspec="$account:$account" "$root" "$@" 2>"$work/daemon" &
    daemon=$!
}
# stops NAME: the daemon ends well when it is told to.
stops() {
    kill "$daemon"
    wait "$daemon" || failed "$1: the daemon ended with $?: $(cat "$work/daemon")"
}
# wait_said NAME PID FILE WORDS: until the process has said so in the file.
wait_said() {
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        if grep -q "$4" "$3"; then return; fi
        kill -0 "$2" 2>/dev/null || failed "$1: it ended: $(cat "$3")"
        sleep 0.05
    done
    failed "$1: never said: $4: $(cat "$3")"
}

# What the scripts of the packages may say: that the account was made, a unit enabled or disabled.
may_say="^Creating (group|user) '$account'|^(Created|Removed) "
# dpkg's own messages go to its standard output, those of the scripts to the other, and there of its own
# that one package takes the place of the other.
dpkg_() {
    DEBIAN_FRONTEND=noninteractive chroot "$root" dpkg --force-unsafe-io "$@" 2>"$work/said" \
        >"$work/dpkg" || failed "dpkg $*: $(cat "$work/dpkg" "$work/said")"
    if grep -vE "$may_say|^dpkg: (considering removing|yes, will remove) " "$work/said"; then
        failed "dpkg $*: the scripts say more than they should"
    fi
}
put() {
    cp "$1" "$root/tmp/put.deb"
    dpkg_ --install /tmp/put.deb
    rm "$root/tmp/put.deb"
}

# Debian's rpm warns of itself on the first line.
rpm_() {
    rpm --root "$root" --nodeps "$@" >"$work/said" 2>&1 || failed "rpm $*: $(cat "$work/said")"
    if grep -vE "$may_say|^rpm: |^warning: .*saved as" "$work/said"; then
        failed "rpm $*: the scripts say more than they should"
    fi
}
# A base of rpm's, with what on Fedora is of the package "filesystem"; and what of it goes again.
like_fedora() {
    without_account
    rpm --root "$root" --initdb
    mkdir -p "$root"/usr/share/{licenses,fish/vendor_completions.d,zsh/site-functions}
}
like_debian() {
    rmdir "$root"/usr/share/{licenses,fish/vendor_completions.d,fish,zsh/site-functions,zsh} 2>/dev/null || :
}
