#!/usr/bin/env bash
# Sluice and nginx in turns, one core each, against the same backend. See bench/README.md; `--help` lists the options.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v nginx >/dev/null || missing+=(nginx-light)
command -v wrk >/dev/null || missing+=(wrk)
command -v taskset >/dev/null || missing+=(util-linux)
if [ ${#missing[@]} -gt 0 ]; then
  echo "The benchmark needs what this machine does not have. On Debian or Ubuntu:" >&2
  echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
[ "$(uname -s)" = Linux ] || { echo "CPU time is read from /proc: the benchmark runs on Linux." >&2; exit 1; }
[ "$(nproc)" -ge 2 ] || { echo "One core for the proxy and one for everything else: this machine has one." >&2; exit 1; }

npm run --silent build
case "${1:-}" in
  suite) exec npx tsx bench/suite.ts "${@:2}" ;;
  profile) exec npx tsx bench/profile.ts "${@:2}" ;;
  publishing) exec npx tsx bench/publishing.ts "${@:2}" ;;
  policies) exec npx tsx bench/policies.ts "${@:2}" ;;
  *) exec npx tsx bench/plain.ts "$@" ;;
esac
