#!/bin/sh
# Runs a command, and tells somebody if it doesn't end with 0: for cron and systemd, where nobody looks.
#
#   NOTIFY=https://ntfy.example.org/photos sh notify.sh immich-apply --yes --quiet
#
# NOTIFY is an address that takes a text by POST, with its title in a header, as ntfy does; without it the text is
# printed, which cron sends by mail. What the command prints is passed on in any case where it failed, and its exit
# code is that of this script. KEEP=4 names codes that are no reason to tell somebody. Needs curl for NOTIFY.
set -u
said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$@" > "$said" 2>&1
code=$?
case " 0 ${KEEP:-} " in *" $code "*) exit "$code" ;; esac
case $code in
  1) why="an error, or photos are missing" ;;
  2) why="something is wrong in the files" ;;
  3) why="there are changes" ;;
  4) why="applied in part, or not everything has lasted" ;;
  5) why="more would be taken away or changed than is allowed; nothing was written" ;;
  6) why="the saved plan no longer fits" ;;
  7) why="somebody has changed on the server what the files manage" ;;
  70) why="a fault of the program" ;;
  130) why="interrupted" ;;
  *) why="it died" ;;
esac
cat "$said"
echo "$*: $why ($code)"
if [ -n "${NOTIFY:-}" ]; then
  tail -n 60 "$said" | curl --fail --silent --show-error --max-time 30 --header "Title: $*: $why ($code)" \
    --header 'Content-Type: text/plain; charset=utf-8' --data-binary @- "$NOTIFY" > /dev/null || echo "nobody was told" >&2
fi
exit "$code"
