#!/bin/sh
# What `npx prisma db seed` runs, because it runs one command without a shell: builds what is missing, then seeds.
set -e
cd "$(dirname "$0")/.."
scripts/build.sh
exec node --enable-source-maps dist/prisma/seed.js "$@"
