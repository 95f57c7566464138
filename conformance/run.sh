#!/usr/bin/env bash
# Runs Huawei's own Python SDK, unmodified, against a Sluice that this script starts. Needs Python 3 and the network
# once, to install the SDK into a virtual environment (`SLUICE_CONFORMANCE_VENV` names one that is kept elsewhere). All
# operations are called, and each feature of an instance is shown by what it makes different. Arguments are those of unittest: `run.sh -v apps_test` runs one file.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${SLUICE_CONFORMANCE_VENV:-.venv}
if [ ! -x "$venv/bin/python" ]; then
  echo "installing the official SDK into $venv …"
  python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r conformance/requirements.txt
npm run --silent build
exec "$venv/bin/python" conformance/suite.py "$@"
