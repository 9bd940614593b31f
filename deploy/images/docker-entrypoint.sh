#!/usr/bin/env bash
# Starts a process of Flink by its name, in the foreground; everything else as it is, as Flink's operator wants it.
set -euo pipefail
case "${1:-}" in
    jobmanager | taskmanager | standalone-job) exec "$FLINK_HOME/bin/$1.sh" start-foreground "${@:2}" ;;
    *) exec "$@" ;;
esac
