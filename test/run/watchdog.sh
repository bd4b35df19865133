#!/bin/sh
# Clears a test run when its standard input ends, as it does however the run ends: kills the process group that it was
# told of, every process whose working directory is in the run's folder (the servers) or that has it as its TMPDIR (the
# tests, where the watchdog of their run was killed too), and removes the folder.
# usage: watchdog.sh FOLDER
folder=$1
trap '' HUP INT TERM
group=
while read -r line; do group=$line; done
[ -z "$group" ] || kill -KILL "-$group" 2>/dev/null

# Clusters are elsewhere, behind a link, in memory (run/postgres.ts) or where PostgreSQL's user can reach them
# (src/embedded/staging.ts).
links=$(find "$folder" -maxdepth 3 \( -name cluster -o -name postgres \) -type l 2>/dev/null)
clusters=$(for link in $links; do readlink "$link"; done)

is_ours() { # $1: the working directory of a process
  for place in "$folder" $clusters; do
    case $1 in "$place" | "$place"/*) return 0 ;; esac
  done
  return 1
}

running() { # Elsewhere than on Linux the group is all there is.
  for process in /proc/[0-9]*; do
    ! is_ours "$(readlink "$process/cwd" 2>/dev/null)" || echo "${process#/proc/}"
  done
  grep -lzxF "TMPDIR=$folder" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3
}

# First PostgreSQL's immediate shutdown, which gives its shared memory back.
for file in "$folder"/*/postmaster.pid "$folder"/*/postgres/postmaster.pid "$folder"/*/.data/postgres/postmaster.pid; do
  [ ! -e "$file" ] || kill -QUIT "$(head -n 1 "$file")" 2>/dev/null
done
# One that is killed leaves its shared memory behind; initdb's, which no file names, end by themselves.
kill_unless_it_ends() { # $1: tries so far, $2: a process
  case $(cat "/proc/$2/comm" 2>/dev/null) in initdb | postgres) [ "$1" -ge 300 ] || return 0 ;; esac
  kill -KILL "$2" 2>/dev/null
}
tries=0
while [ $tries -lt 320 ] && left=$(running) && [ -n "$left" ]; do
  [ $tries -lt 10 ] || for process in $left; do kill_unless_it_ends $tries "$process"; done
  sleep 0.1
  tries=$((tries + 1))
done
rm -rf "$folder" $clusters
