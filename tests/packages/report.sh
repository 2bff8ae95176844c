# What the checks of the packages have in common: a line for each, and the first that fails ends it.
# Sourced, not run.

# The version of the source, seen from its root.
version() { sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1; }

passed() { printf 'ok       %s\n' "$*"; }

skipped() { printf 'skipped  %s\n' "$*"; }

failed() {
    printf 'FAILED   %s\n' "$*" >&2
    exit 1
}

# same NAME FILE FILE: two files, or a difference that is shown.
same() {
    local difference
    difference=$(diff -u "$2" "$3") || failed "$1:"$'\n'"$difference"
    passed "$1"
}

# silent NAME COMMAND...: it succeeds and says nothing.
silent() {
    local name=$1 said
    shift
    said=$("$@" 2>&1) || failed "$name: exit $?"$'\n'"$said"
    [ -z "$said" ] || failed "$name:"$'\n'"$said"
    passed "$name"
}
