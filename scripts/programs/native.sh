#!/bin/bash
# Runs programs in a Debian root on this machine, in namespaces of their own: what they write is gone afterwards.
# Usage: native.sh ROOT PROGRAMS [NAME=VALUE ...]     PROGRAMS is the folder that a guest has as /programs
set -e
root=$1 programs=$2
shift 2

# A file system in memory takes what is written; it is gone with the mount namespace.
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
cp -r "$programs" /mnt/root/programs
mount -t proc proc /mnt/root/proc
mount --rbind /sys /mnt/root/sys
mount --rbind /dev /mnt/root/dev

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
chroot /mnt/root env -i PATH="$path" $(cat "$programs/environment") "$@" /programs/runner
