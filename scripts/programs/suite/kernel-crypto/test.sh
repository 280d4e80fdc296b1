# A module may say that the processor has not what it needs; every other must load, and test what it has.
for module in "$@"; do
  if message=$(modprobe "$module" 2>&1); then
    echo "module $module"
  elif [[ $message == *'No such device'* ]]; then
    echo "module $module: not with this processor"
  else
    echo "module $module: NOT LOADED: $message"
  fi
done
# Tests go on in threads of the kernel.
for ((i = 0; i < 600; i++)); do
  grep -q '^selftest *: unknown' /proc/crypto || break
  sleep 0.1
done
dmesg | grep 'alg:'
sed -n 's/^driver *: /driver /p; /^selftest/p' /proc/crypto
