#!/bin/bash
# Makes a Debian root with packages. Run it in a mount namespace of its own.
# Usage: build-root.sh ARCHITECTURE SUITE MIRROR ROOT PACKAGE...
set -e
architecture=$1 suite=$2 mirror=$3 root=$4
shift 4
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

debootstrap --variant=minbase --arch="$architecture" "$suite" "$root" "$mirror"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" apt-get update
chroot "$root" apt-get install -y --no-install-recommends "$@"

# The guest has all of it in memory.
chroot "$root" apt-get clean
(cd "$root" && rm -rf var/lib/apt/lists/* var/cache/* usr/share/{doc,man,info,locale,i18n})
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
