# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Runs as process 1 of new network, mount and PID namespaces (tests/support/hosts.py):
#   hosts.sh network FOLDER NAME=ADDRESS…   a bridge with a host on each of its ports; ends when its input does
#   hosts.sh host FOLDER NAME ADDRESS       one of these hosts, in namespaces of its own
set -eu

network() {
  local folder=$1 host name number=0
  shift
  # /proc is still that of the world outside, so that this is the number that nsenter needs there
  read -r number _ </proc/self/stat
  echo "$number" >"$folder/pid"
  mount --make-rprivate /
  mount -t proc proc /proc
  mount -t tmpfs -o mode=755 tmpfs /run
  mount -t tmpfs -o mode=700 tmpfs "$folder/disks"
  mkdir /run/netns
  ip link set lo up
  ip link add br0 type bridge
  ip addr add 192.0.2.1/24 dev br0
  ip link set br0 up
  ssh-keygen -q -t ed25519 -N '' -f "$folder/id"
  number=0
  for host; do
    name=${host%%=*} number=$((number + 1))
    ip netns add "$name"
    ip link add "port$number" type veth peer name eth0 netns "$name"
    ip link set "port$number" master br0 up
    ip -n "$name" link set lo up
    ip -n "$name" addr add "${host#*=}/24" dev eth0
    ip -n "$name" link set eth0 up
    ssh-keygen -q -t ed25519 -N '' -f "$folder/$name.key"
    echo "${host#*=} $(cut -d ' ' -f 1,2 "$folder/$name.key.pub")" >>"$folder/known_hosts"
    ip netns exec "$name" unshare --mount --uts --pid --fork --kill-child \
      bash "${BASH_SOURCE[0]}" host "$folder" "$name" "${host#*=}" >"$folder/$name.log" 2>&1 &
  done
  for host; do
    until (exec 3<>"/dev/tcp/${host#*=}/22") 2>/dev/null; do sleep 0.02; done
  done
  echo ready >"$folder/ready"
  # Whoever holds the other end of the pipe has gone, in whatever way: with process 1 go all the others, and with them the mounts.
  read -r _ || exit 0
}

host() {
  local folder=$1 name=$2 address=$3 disk=$1/disks/$2 number
  local root=$disk/root
  read -r number _ </proc/self/stat
  mount --make-rprivate /
  mkdir -p "$disk/upper" "$disk/work" "$root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" "$root"
  hostname "$name"
  install -m 600 "$folder/$name.key" "$root/etc/ssh/daas_host_key"
  install -m 600 "$folder/id.pub" "$root/etc/ssh/daas_authorized_keys"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  # of the people who use this machine it sees nothing
  mount -t tmpfs -o mode=700 tmpfs "$root/root"
  mkdir -p "$root/run/sshd" "$root/run/lock"
  echo "$number" >"$folder/$name.pid"
  exec env -i PATH="$PATH" chroot "$root" \
    /usr/sbin/sshd -D -e -f /dev/null -o HostKey=/etc/ssh/daas_host_key -o "ListenAddress=$address" -o PidFile=none \
    -o AuthorizedKeysFile=/etc/ssh/daas_authorized_keys -o UsePAM=no -o PasswordAuthentication=no -o PermitRootLogin=prohibit-password \
    -o "Subsystem=sftp internal-sftp"
}

"$@"
