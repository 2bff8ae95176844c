# What the lives of the deb, of the rpm and of packaging/install have in common. Sourced, not run;
# $root is the Debian.

config=$root/etc/burp/bui-monitor.cfg

# The files of the Debian, but for those that the package managers keep for themselves, those that
# do not outlive a start, and the copies that the tools of accounts make, since the account stays.
files() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./run \
        -o -path ./var/lib/dpkg -o -path ./var/lib/rpm \) -prune -o -print) |
        grep -vE '^\./etc/(passwd|group|shadow|gshadow)-$|^\./var/log/dpkg.log$' | sort
}

# Owner, group, mode, time and content of the configuration.
state() { stat -c '%u:%g %a %Y' "$config" && sha256sum <"$config"; }

password() { sed -n 's/^password = //p' "$config"; }

# The configuration as the package makes it.
made() {
    local mode
    mode=$(chroot "$root" stat -c '%U:%G %a' /etc/burp/bui-monitor.cfg)
    [ "$mode" = 'root:bui-monitor 640' ] || failed "$1: the configuration is $mode"
    [[ $(password) =~ ^[0-9a-f]{32}$ ]] || failed "$1: the password is $(password)"
    chroot "$root" getent passwd bui-monitor | grep -q ':/nonexistent:/usr/sbin/nologin$' ||
        failed "$1: no account bui-monitor that cannot log in"
    # On a machine with one core two monitors are odd.
    printf 'mode = client\n' >"$root/etc/burp/burp.conf"
    silent "$1: the account can read the configuration, and nothing in it is odd" \
        chroot --userspec=bui-monitor:bui-monitor "$root" \
        sh -c 'bui-monitor --check -c "$1" 2>&1 >/dev/null | grep -v cores || :' \
        sh /etc/burp/bui-monitor.cfg
    rm "$root/etc/burp/burp.conf"
    # The pages are packed, but nothing here can show them.
    silent "$1: systemd-analyze verify" chroot "$root" systemd-analyze verify --man=no \
        bui-monitor.service bui-monitor.socket
}

# A daemon with this configuration, run as the account, answers who reads the password there.
serves() {
    local daemon tries
    printf '[Global]\nbind = unix:/tmp/bui-monitor.sock\n' >"$root/tmp/first"
    sed '/^\[Global\]$/d' "$config" >>"$root/tmp/first"
    cat "$root/tmp/first" >"$config"
    rm "$root/tmp/first"
    chroot --userspec=bui-monitor:bui-monitor "$root" \
        bui-monitor -c /etc/burp/bui-monitor.cfg 2>"$work/daemon" &
    daemon=$!
    for ((tries = 0; tries < 200; tries++)); do
        if chroot "$root" bui-status status >"$work/status" 2>&1; then break; fi
        kill -0 "$daemon" 2>/dev/null || failed "$1: the daemon ended: $(cat "$work/daemon")"
        sleep 0.05
    done
    grep -q '^bui-monitor ' "$work/status" ||
        failed "$1: no answer: $(cat "$work/status" "$work/daemon")"
    kill "$daemon"
    wait "$daemon" || failed "$1: the daemon ended with $?: $(cat "$work/daemon")"
    passed "$1: the daemon serves, and bui-status finds it and its password"
}

# unchanged NAME STATE: the configuration is as it was.
unchanged() {
    [ "$(state)" = "$2" ] || failed "$1: was $2, is $(state)"
    passed "$1"
}

# dpkg's own messages go to its standard output, those of the scripts to the other: nothing but that
# the account was made and a unit enabled or disabled, and of its own that one package takes the place of
# the other.
takes_over='^dpkg: considering removing |^dpkg: yes, will remove '
dpkg_() {
    DEBIAN_FRONTEND=noninteractive chroot "$root" dpkg --force-unsafe-io "$@" 2>"$work/said" \
        >"$work/dpkg" || failed "dpkg $*: $(cat "$work/dpkg" "$work/said")"
    if grep -vE "^Creating (group|user) 'bui-monitor'|^(Created|Removed) |$takes_over" "$work/said"; then
        failed "dpkg $*: the scripts say more than they should"
    fi
}
put() {
    cp "$1" "$root/tmp/bui-monitor.deb"
    dpkg_ --install /tmp/bui-monitor.deb
    rm "$root/tmp/bui-monitor.deb"
}
enabled() { chroot "$root" systemctl is-enabled "$1" 2>/dev/null || true; }

# Debian's rpm warns of itself on the first line.
rpm_() {
    rpm --root "$root" --nodeps "$@" >"$work/said" 2>&1 || failed "rpm $*: $(cat "$work/said")"
    if grep -vE "^rpm: |^Creating (group|user) 'bui-monitor'|^(Created|Removed) " "$work/said"; then
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

# Each life makes its account anew.
chroot "$root" userdel bui-monitor 2>/dev/null || true
# A burp that says nothing, so that the configuration names a program that is there.
mount -t proc proc "$root/proc"
printf '#!/bin/sh\nexec cat >/dev/null\n' >"$root/usr/sbin/burp"
chmod 755 "$root/usr/sbin/burp"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
