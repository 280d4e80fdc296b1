#!/bin/bash
# Runs the programs of /programs/plan (a line each: name, longest time in seconds) one after the other, in a guest and
# natively alike. What each writes comes between two marked lines, and only when it has ended, as the kernel may write
# to the same console.

# In both there is no other network.
ip link set lo up

while read -r name seconds; do
  echo "@@ begin $name"
  cd "/programs/$name" || exit 1
  timeout --kill-after=10 "$seconds" bash ./run >output 2>&1 </dev/null
  status=$?
  head -c 4M output
  printf '\n@@ end %s %d\n' "$name" "$status"
done </programs/plan
