# What the lives of the packages of the node have in common. Sourced, not run; $root is the Debian,
# which for an rpm serves as a Fedora.

account=broker-node
. "$here/life.sh"
config=$root/etc/broker/broker.cfg

# The service as the package makes it: its account, a configuration of which nothing is odd, a unit.
made() {
    has_account "$1"
    silent "$1: broker-node --check" \
        as sh -c 'broker-node --check --strict -c /etc/broker/broker.cfg >/dev/null'
    units "$1" broker-node.service
}

# A line goes from one pipe through the node to another one.
serves() {
    local reader tries
    starts broker-node -c /etc/broker/broker.cfg -t /lines
    : >"$work/reader" >"$work/printed"
    pipe=(chroot "$root" broker-pipe --disable-ssl -t /lines -p 127.0.0.1:9999)
    "${pipe[@]}" -m subscribe -c 1 >"$work/printed" 2>"$work/reader" &
    reader=$!
    wait_said "$1" "$reader" "$work/reader" peer_added
    # The node may know of the reader a moment later than the reader of the node.
    for ((tries = 0; tries < 200; tries++)); do
        echo hello | "${pipe[@]}" -m publish 2>"$work/writer" || failed "$1: $(cat "$work/writer")"
        if [ -s "$work/printed" ]; then break; fi
        sleep 0.05
    done
    wait "$reader" || failed "$1: $(cat "$work/reader" "$work/daemon")"
    [ "$(cat "$work/printed")" = 'data(/lines, hello)' ] || failed "$1: $(cat "$work/printed")"
    stops "$1"
    passed "$1: a line goes through the node"
}
