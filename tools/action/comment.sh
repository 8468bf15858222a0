#!/usr/bin/env bash
# comment.sh writes the summary as a comment on the pull request. A later run updates the comment
# instead of writing another. A comment is a courtesy: if it cannot be written, the step says why
# and succeeds, because the annotations and the summary of the job say the same.
set -euo pipefail

most=60000 # bytes; GitHub takes 65,536 characters

give_up() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  printf '::notice title=cfcheck::no comment was written: %s; the annotations and the summary of the job have the findings\n' "$text"
  exit 0
}

[[ ${NUMBER:-} =~ ^[0-9]+$ ]] || exit 0 # not a pull request
[ "${WRITABLE:-}" = true ] || give_up 'the token of a pull request from a fork may not write'
[ -n "${SUMMARY:-}" ] || give_up 'there is no summary, because nothing was judged'
for command in curl jq; do
  command -v "$command" >/dev/null || give_up "the runner has no $command"
done

folder=$(mktemp -d "${RUNNER_TEMP:?}/cfcheck.XXXXXX")
trap 'rm -rf "$folder"' EXIT
( # no other user may read the token, and no list of processes has it
  umask 077
  printf 'Authorization: Bearer %s\nAccept: application/vnd.github+json\nX-GitHub-Api-Version: 2022-11-28\n' "${TOKEN:-}" >"$folder/headers"
)

# call sends a request, and sets status; the answer is in a file.
call() {
  local method=$1 path=$2
  shift 2
  status=$(curl --silent --show-error --max-time 30 --request "$method" --header @"$folder/headers" "$@" \
    --output "$folder/answer" --write-out '%{http_code}' "${GITHUB_API_URL:?}$path") || give_up 'GitHub did not answer'
}

# answered gives up unless GitHub did what the last call asked for.
answered() {
  case $status in
    2??) ;;
    401 | 403 | 404) give_up "GitHub answered $status; the job needs the permission pull-requests: write" ;;
    *) give_up "GitHub answered $status" ;;
  esac
}

issues=/repos/${GITHUB_REPOSITORY:?}/issues
marker="<!-- cfcheck $(printf '%s' "${NAME:-cfcheck}" | git hash-object --stdin) -->"

# Everybody can write the marker, so the comment must also be by the owner of the token. The token
# of a job has no user that it can ask for; it writes as a bot.
call GET /user
login=
[ "$status" != 200 ] || login=$(jq -r '.login // ""' "$folder/answer") || give_up 'the owner of the token cannot be read'

id=
for ((page = 1; page <= 30; page++)); do
  call GET "$issues/$NUMBER/comments?per_page=100&page=$page"
  answered
  id=$(jq -r --arg marker "$marker" --arg login "$login" '
    first(.[] | select((.body // "") | startswith($marker))
              | select(if $login == "" then .user.type == "Bot" else .user.login == $login end) | .id) // ""' "$folder/answer") ||
    give_up 'the list of comments cannot be read'
  [ -z "$id" ] || break
  [ "$(jq length "$folder/answer")" -eq 100 ] || break
done
if [ -z "$id" ] && [ "${VERDICT:-}" = accepted ]; then
  exit 0 # there is nothing to say, and nothing to correct
fi

{
  echo "$marker"
  # A comment notifies the people and links the issues that it names, also behind a backslash.
  sed -e 's/\\@/@\&#8203;/g' -e 's/\\#/#\&#8203;/g' "$SUMMARY" >"$folder/summary"
  if [ "$(wc -c <"$folder/summary")" -gt "$most" ]; then
    head -c "$most" "$folder/summary" | sed '$d' # the last line is cut
    printf '\nThe comment ends here; the summary of the job has the rest.\n'
  else
    cat "$folder/summary"
  fi
  printf '\n[The run](%s/%s/actions/runs/%s)\n' "${GITHUB_SERVER_URL:?}" "$GITHUB_REPOSITORY" "${GITHUB_RUN_ID:?}"
} >"$folder/comment"
jq -n --rawfile body "$folder/comment" '{body: $body}' >"$folder/request"

if [ -n "$id" ]; then
  call PATCH "$issues/comments/$id" --data-binary @"$folder/request"
  if [ "$status" != 404 ]; then # 404: somebody removed it in between
    answered
    exit 0
  fi
fi
call POST "$issues/$NUMBER/comments" --data-binary @"$folder/request"
answered
