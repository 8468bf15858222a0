#!/usr/bin/env bash
# install.sh puts cfcheck into a temporary folder, and its path into the output "command". It
# builds the source beside it, which is the source of the action at its own ref. With VERSION it
# downloads that release instead, and refuses an archive whose SHA-256 is not SHA256.
set -euo pipefail

fail() {
  printf '::error title=cfcheck::%s\n' "$1"
  exit 2
}

digest() { # macOS has no sha256sum
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -c 1-64
}

folder=$(mktemp -d "${RUNNER_TEMP:?}/cfcheck.XXXXXX")
suffix=
[ "${RUNNER_OS:-}" != Windows ] || suffix=.exe

if [ -z "${VERSION:-}" ]; then
  [ -z "${SHA256:-}" ] || fail 'sha256 is the digest of a release, but no version was given'
  GOBIN=$folder GOWORK=off go -C "${GITHUB_ACTION_PATH:?}" install -trimpath -buildvcs=false ./cmd/cfcheck
else
  [[ $VERSION =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail 'version: want a release, such as v0.1.0'
  [[ ${SHA256:-} =~ ^[0-9a-f]{64}$ ]] || fail 'sha256: want the 64 hex digits of the archive, from the SHA256SUMS of the release'
  case ${RUNNER_OS:?} in
    Linux) system=linux ;;
    macOS) system=darwin ;;
    Windows) system=windows ;;
    *) fail 'no release is for the system of this runner; leave out version, and the action builds cfcheck' ;;
  esac
  case ${RUNNER_ARCH:?} in
    X64) system+=_amd64 ;;
    ARM64) system+=_arm64 ;;
    *) fail 'no release is for the processor of this runner; leave out version, and the action builds cfcheck' ;;
  esac
  name=cfcheck_${VERSION#v}_$system
  archive=$name.tar.gz
  [ -z "$suffix" ] || archive=$name.zip
  curl --fail --silent --show-error --location --retry 3 --max-time 300 --output "$folder/$archive" \
    "${CFCHECK_RELEASES:-https://github.com/cfcheck/cfcheck/releases/download}/$VERSION/$archive" ||
    fail "$archive of release $VERSION cannot be downloaded"
  found=$(digest "$folder/$archive")
  [ "$found" = "$SHA256" ] || fail "$archive has the SHA-256 $found, but sha256 is $SHA256; it was not used"
  if [ -z "$suffix" ]; then
    tar -xzf "$folder/$archive" -C "$folder" "$name/cfcheck"
  else
    unzip -q "$folder/$archive" "$name/cfcheck.exe" -d "$folder"
  fi
  folder=$folder/$name
fi
echo "command=$folder/cfcheck$suffix" >>"${GITHUB_OUTPUT:?}"
