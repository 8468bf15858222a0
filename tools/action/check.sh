#!/usr/bin/env bash
# check.sh judges content and delivers the reports: annotations, the summary of the job, and files.
# action.yml names the variables that it reads. It exits with 0 whenever it has an exit status of
# the gate to hand on, in the output "exit-code", so that later steps can deliver the rest.
set -euo pipefail

# output sets an output of the step. No value has a line end.
output() {
  printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:?}"
}

# annotate writes an error on the page of the run. A text may have any characters.
annotate() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  printf '::error title=cfcheck::%s\n' "$text"
}

undecided() {
  annotate "undecided: $1"
  printf '## cfcheck: undecided\n\nThe annotations of the run have the reason.\n' >>"${GITHUB_STEP_SUMMARY:?}"
  output verdict undecided
  output exit-code 2
  exit 0
}

# add appends a flag and its value, once for each line of a text that is not empty.
add() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    [ -z "$line" ] || if [ -n "$1" ]; then arguments+=("$1" "$line"); else arguments+=("$line"); fi
  done <<<"$2"
}

commit() { # of a revision, if the clone has it
  git rev-parse --verify --quiet --end-of-options "$1^{commit}"
}

# fetch gets commits that a shallow clone lacks. The checkout may have kept its token, and GitHub
# refuses a request with two, so the first try has none from here.
fetch() {
  export GIT_TERMINAL_PROMPT=0
  git fetch --quiet --no-tags --no-recurse-submodules "$@" 2>/dev/null && return
  [ -n "${TOKEN:-}" ] || return 1
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:?}/.extraheader" GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic" \
    git fetch --quiet --no-tags --no-recurse-submodules "$@"
}

basic= # the token as git sends it
if [ -n "${TOKEN:-}" ]; then
  basic=$(printf 'x-access-token:%s' "$TOKEN" | base64 | tr -d '\n')
  echo "::add-mask::$basic"
fi

# merge_base prints the commit in which the change began.
merge_base() {
  local of=$1
  # GitHub runs on a merge of the base with the change. What the base has is its first parent,
  # also if others were merged since the event.
  if [[ ${GITHUB_REF:-} == refs/pull/*/merge ]] && [ "$(commit HEAD)" = "${GITHUB_SHA:-}" ]; then
    commit HEAD^2 >/dev/null || fetch --depth=2 origin "$GITHUB_SHA" || return 1
    if commit HEAD^2 >/dev/null; then
      commit HEAD^1
      return
    fi
  fi
  commit "$of" >/dev/null || fetch --depth=1 origin "$of" || return 1
  git merge-base HEAD "$of" && return
  [ "$(git rev-parse --is-shallow-repository)" = true ] || return 1
  fetch --unshallow origin "$of" && git merge-base HEAD "$of"
}

writable=true # whether the token of the job may write
if [ "${GITHUB_EVENT_NAME:-}" = pull_request ]; then
  [ "${HEAD_REPOSITORY:-}" = "${GITHUB_REPOSITORY:-}" ] || writable=false
  [ "${GITHUB_ACTOR:-}" != 'dependabot[bot]' ] || writable=false
fi
output writable "$writable"

case ${NEW_ONLY:-} in
  '' | true | false) ;;
  *) undecided 'new-only: want true or false' ;;
esac

base=
of=${PULL_REQUEST_BASE:-${MERGE_GROUP_BASE:-}}
if [ "${BASE:-}" = none ]; then
  :
elif [ -n "${BASE:-}" ]; then
  base=$(commit "$BASE") || undecided "base: the clone has no revision $BASE; give actions/checkout fetch-depth: 0"
elif [ -n "$of" ]; then
  base=$(merge_base "$of") || undecided 'the base of the change cannot be found or fetched; give actions/checkout fetch-depth: 0, or this action base: none'
fi
output base "$base"

reports=${REPORTS:-}
[[ $reports != *$'\n'* ]] || undecided 'reports: want one folder'
[ -n "$reports" ] || reports=$(mktemp -d "${RUNNER_TEMP:?}/cfcheck.XXXXXX")
mkdir -p -- "$reports" || undecided 'reports: the folder cannot be made'

arguments=(check)
add --fleet "${FLEET:-}"
add --fail-on "${FAIL_ON:-}"
if [ -n "$base" ]; then
  arguments+=(--previous-git "$base")
  [ "${NEW_ONLY:-}" != true ] || arguments+=(--new-only)
fi
add '' "${ARGUMENTS:-}"
forms=(sarif-github:sarif json:json junit:xml markdown:md text:txt github:annotations)
for form in "${forms[@]}"; do
  rm -f -- "$reports/cfcheck.${form#*:}" # an old report is no report of this run
  arguments+=(--out "${form%:*}=$reports/cfcheck.${form#*:}")
done
arguments+=(--)
add '' "${PATHS:-}"

errors=$(mktemp "${RUNNER_TEMP:?}/cfcheck.XXXXXX")
status=0
env -u TOKEN "${CFCHECK:?}" "${arguments[@]}" >/dev/null 2>"$errors" || status=$?
# Between the lines with the token the runner takes no commands from the text.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::group::cfcheck"
echo "::stop-commands::$token"
cat "$errors"
[ ! -e "$reports/cfcheck.txt" ] || cat "$reports/cfcheck.txt"
echo
echo "::$token::"
echo "::endgroup::"

if [ -e "$reports/cfcheck.annotations" ]; then
  cat "$reports/cfcheck.annotations"
else # a run that judged nothing has no reports
  annotate "undecided, exit status $status: $(head -c 4000 "$errors")"
fi
if [ -e "$reports/cfcheck.md" ]; then
  cat "$reports/cfcheck.md" >>"${GITHUB_STEP_SUMMARY:?}"
else
  printf '## cfcheck: undecided\n\nThe annotations of the run have the reason.\n' >>"${GITHUB_STEP_SUMMARY:?}"
fi

case $status in
  0) output verdict accepted ;;
  1) output verdict rejected ;;
  *) output verdict undecided ;;
esac
for form in sarif:sarif json:json junit:xml markdown:md text:txt; do
  [ ! -e "$reports/cfcheck.${form#*:}" ] || output "${form%:*}" "$reports/cfcheck.${form#*:}"
done
output exit-code "$status"
