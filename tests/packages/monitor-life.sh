# What the lives of the deb, of the rpm and of packaging/install of bui-monitor have in common. Sourced,
# not run; $root is the Debian.

account=bui-monitor
. "$here/life.sh"
config=$root/etc/burp/bui-monitor.cfg

# Owner, group, mode, time and content of the configuration.
state() { stat -c '%u:%g %a %Y' "$config" && sha256sum <"$config"; }

password() { sed -n 's/^password = //p' "$config"; }

# The configuration as the package makes it.
made() {
    local mode
    mode=$(chroot "$root" stat -c '%U:%G %a' /etc/burp/bui-monitor.cfg)
    [ "$mode" = 'root:bui-monitor 640' ] || failed "$1: the configuration is $mode"
    [[ $(password) =~ ^[0-9a-f]{32}$ ]] || failed "$1: the password is $(password)"
    has_account "$1"
    # On a machine with one core two monitors are odd.
    printf 'mode = client\n' >"$root/etc/burp/burp.conf"
    silent "$1: the account can read the configuration, and nothing in it is odd" \
        as sh -c 'bui-monitor --check -c "$1" 2>&1 >/dev/null | grep -v cores || :' \
        sh /etc/burp/bui-monitor.cfg
    rm "$root/etc/burp/burp.conf"
    units "$1" bui-monitor.service bui-monitor.socket
}

# A daemon with this configuration, run as the account, answers who reads the password there.
serves() {
    local tries
    printf '[Global]\nbind = unix:/tmp/bui-monitor.sock\n' >"$root/tmp/first"
    sed '/^\[Global\]$/d' "$config" >>"$root/tmp/first"
    cat "$root/tmp/first" >"$config"
    rm "$root/tmp/first"
    starts bui-monitor -c /etc/burp/bui-monitor.cfg
    for ((tries = 0; tries < 200; tries++)); do
        if chroot "$root" bui-status status >"$work/status" 2>&1; then break; fi
        kill -0 "$daemon" 2>/dev/null || failed "$1: the daemon ended: $(cat "$work/daemon")"
        sleep 0.05
    done
    grep -q '^bui-monitor ' "$work/status" ||
        failed "$1: no answer: $(cat "$work/status" "$work/daemon")"
    stops "$1"
    passed "$1: the daemon serves, and bui-status finds it and its password"
}

# unchanged NAME STATE: the configuration is as it was.
unchanged() {
    [ "$(state)" = "$2" ] || failed "$1: was $2, is $(state)"
    passed "$1"
}

# A burp that says nothing, so that the configuration names a program that is there.
printf '#!/bin/sh\nexec cat >/dev/null\n' >"$root/usr/sbin/burp"
chmod 755 "$root/usr/sbin/burp"
