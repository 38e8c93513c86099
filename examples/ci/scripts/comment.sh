#!/bin/sh
# Puts a plan under a pull request (a merge request on GitLab), and updates its own comment when it comes again:
# one comment a pull request, however often it is pushed to. The plan's first line is an invisible marker to
# find it by.
#
#   FORGE=github|forgejo|gitlab API=... REPOSITORY=... NUMBER=... TOKEN=... sh comment.sh plan.md
#
# API is https://api.github.com, https://git.example.org/api/v1 or https://gitlab.example.org/api/v4; REPOSITORY
# is owner/name, on GitLab the project's number. Needs curl and jq.
set -eu
plan=$1
marker=$(head -n 1 "$plan")
case $FORGE in
  github | forgejo)
    list="$API/repos/$REPOSITORY/issues/$NUMBER/comments"
    one="$API/repos/$REPOSITORY/issues/comments"
    page="per_page=100&limit=50&page"
    update=PATCH ;;
  gitlab)
    list="$API/projects/$REPOSITORY/merge_requests/$NUMBER/notes"
    one=$list
    page="per_page=100&page"
    update=PUT ;;
  *) echo "FORGE is github, forgejo or gitlab, not '$FORGE'" >&2; exit 2 ;;
esac

# The key goes to curl through its standard input, so that no list of processes shows it.
ask() { printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" | curl --fail --silent --show-error --config - "$@"; }

number=
at=1
while [ -z "$number" ]; do
  comments=$(ask "$list?$page=$at")
  [ "$(printf '%s' "$comments" | jq length)" -gt 0 ] || break
  number=$(printf '%s' "$comments" | jq -r --arg marker "$marker" \
    'map(select(.body | startswith($marker))) | first | .id // empty')
  at=$((at + 1))
done

body=$(mktemp)
trap 'rm -f "$body"' EXIT
jq --raw-input --slurp '{body: .}' < "$plan" > "$body"
if [ -n "$number" ]; then
  ask --request $update --header 'Content-Type: application/json' --data-binary "@$body" "$one/$number" > /dev/null
  echo "updated comment $number"
else
  ask --request POST --header 'Content-Type: application/json' --data-binary "@$body" "$list" > /dev/null
  echo "wrote a comment"
fi
