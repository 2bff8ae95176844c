#!/usr/bin/env bash
# Ask a bui-monitor over TLS with bash, openssl and coreutils.
#
#     client.sh HOST PORT PASSWORD_FILE CA_FILE QUESTION
#
# A question with a colon in it is a query for burp (c:, c:NAME ...), any other the name of a
# function of the daemon (status, statistics ...). The password is the first line of a file, and is
# never an argument of a program, since everybody can read those: only builtins of the shell see it.
# CA_FILE holds the daemon's own certificate, or an authority that signs for nobody else.
#
# Ends with 0 after an answer, 1 after KO (a wrong password, or nothing that burp knows), 2 after ER
# or without a whole answer.
set -euo pipefail
export LC_ALL=C # so that ${#text} counts bytes

seconds=20
limit=$((64 << 20)) # bytes of an answer

fail() {
    printf '%s\n' "$2" >&2
    exit "$1"
}

[ $# -eq 5 ] || fail 2 "usage: ${0##*/} HOST PORT PASSWORD_FILE CA_FILE QUESTION"
host=$1 port=$2 password_file=$3 ca=$4 question=$5
case $host in *:*) host="[$host]" ;; esac # IPv6

# A text as JSON has it, in the variable that is named first.
quote() {
    case $2 in *[[:cntrl:]]*) fail 2 'a control character cannot be sent' ;; esac
    local text=${2//\\/\\\\}
    printf -v "$1" '"%s"' "${text//\"/\\\"}"
}

# The length as eight bytes, most significant first, and the text.
frame() {
    local digits escapes='' at
    printf -v digits '%016x' "${#1}"
    for ((at = 0; at < 16; at += 2)); do escapes+="\\x${digits:at:2}"; done
    # Bytes only here, on their way into the pipe: a variable holds no zero byte.
    printf '%b%s' "$escapes" "$1"
}

IFS= read -r password <"$password_file" || [ -n "$password" ] || fail 2 'no password'
case $question in *:*) kind=query ;; *) kind=func ;; esac
quote password "${password%$'\r'}"
quote question "$question"

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
# -quiet: no words between the bytes, no letter of ours is a command, and it waits for the answer.
# -noservername: a daemon has one certificate, whatever it is called.
frame "{\"$kind\": $question, \"password\": $password}" |
    timeout "$seconds" openssl s_client -quiet -noservername -connect "$host:$port" \
        -CAfile "$ca" -verify_return_error -verify_quiet |
    head -c $((limit + 10)) >"$answer" ||
    # Whoever sends more is not listened to any longer, which ends openssl.
    [ "$(wc -c <"$answer")" -eq $((limit + 10)) ] ||
    fail 2 'no answer'
size=$(wc -c <"$answer")

# Two letters, and for OK and ER the length and as many bytes.
case $(head -c 2 "$answer" | tr -d '\0') in
    KO) fail 1 'KO: a wrong password, or nothing that burp knows' ;;
    OK) code=0 ;;
    ER) code=2 ;;
    *) fail 2 'this is no bui-monitor' ;;
esac
[ "$size" -ge 10 ] || fail 2 'the answer is not whole'
length=$((16#$(od -An -v -tx1 -j 2 -N 8 "$answer" | tr -d ' \n')))
if [ "$size" -ne $((length + 10)) ]; then
    [ "$size" -lt $((limit + 10)) ] || fail 2 "the answer is longer than $limit bytes"
    fail 2 'the answer is not whole'
fi
if [ "$code" -eq 0 ]; then
    tail -c +11 "$answer"
    echo
else
    { printf 'ER: ' && tail -c +11 "$answer" && echo; } >&2
fi
exit "$code"
