#!/usr/bin/env bash
# Runs a step for act, which kills a step at once when a run is cancelled. This one hands SIGINT on to the step, waits for
# its end, and then for act to kill it instead. Whoever kills it before that, kills the step too.
set -m # without job control, what is started in the background never hears SIGINT
interrupted=
trap 'interrupted=1; kill -INT "$step" 2>/dev/null' INT
setpriv --pdeathsig KILL "$@" &
step=$!
code=0
while :; do
  wait "$step"
  code=$?
  kill -0 "$step" 2>/dev/null || break
done
if [[ -n $interrupted ]]; then
  exec sleep infinity
fi
# Of a step that fails, act drops what it has not read yet (0.2.89, HostEnvironment.exec): it gets a moment.
if [[ $code != 0 ]]; then
  sleep 0.5
fi
exit "$code"
