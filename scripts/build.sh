#!/bin/sh
# Generates the Prisma client and compiles, each only when something it is made of is newer: `npm start` runs this.
set -e
cd "$(dirname "$0")/.."
client=src/generated/prisma/client.ts
compiled=dist/.compiled
modules=node_modules/.package-lock.json

# One at a time: two servers may be started in one checkout at once. The link's target is the holder's pid.
lock=node_modules/.building
until ln -s $$ "$lock" 2>/dev/null; do
  kill -0 "$(readlink "$lock")" 2>/dev/null || rm -f "$lock"
  sleep 0.1
done
trap 'rm -f "$lock"' EXIT
trap 'exit 1' HUP INT TERM

if [ ! "$client" -nt prisma/schema.prisma ] || [ ! "$client" -nt "$modules" ]; then
  node_modules/.bin/prisma generate
fi
if [ ! "$compiled" -nt "$modules" ] || [ -n "$(find src test bench prisma ./*.ts tsconfig.json -newer "$compiled" 2>&1 | head -n 1)" ]; then
  rm -rf dist # What a deleted file was compiled to would go on being tested.
  node_modules/.bin/tsc
  touch "$compiled"
fi
