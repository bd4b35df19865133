#!/bin/sh
# Generates the Prisma client and compiles, each only when what it is made of has changed: `npm start` runs this. It leaves
# the types unchecked, which `npm run build` checks as well: that takes five times as long as all the rest.
#
# Each folder is made under another name, with the checksum of what it is made of, and appears by a rename. So what is there
# is whole, nothing has to be locked, and nothing is written where nothing has to be made. Of two processes that make the
# same at once, the second throws its own away.
set -eu
cd "$(dirname "$0")/.."
client=src/generated/prisma
draft=dist.$$-$(date +%s)
trap 'rm -rf "$draft" "$draft.old"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
  echo "$PWD has to be built, and $1" >&2
  exit 1
}

# Of contents and names: the time of a file says nothing after `rsync`, `tar`, or under a clock that was ahead.
checksum() {
  find "$@" -path src/generated -prune -o -type f \( -name '*.ts' -o -name '*.json' -o -name '*.prisma' \) -exec cksum {} + 2>/dev/null | LC_ALL=C sort | cksum
}

# A client is made by a version of Prisma for that version.
sum_of_client() { checksum prisma/schema.prisma node_modules/@prisma/client/package.json; }
sum_of_dist() { checksum src test support bench prisma ./*.ts tsconfig.json package-lock.json node_modules/@prisma/client/package.json; }

is_made() { # $1: the folder, $2: the checksum of what it has to be made of
  [ "$(cat "$1/.made-of" 2>/dev/null)" = "$2" ]
}

begin() { # $1: the program that it takes
  [ -d node_modules ] || fail "its packages are not installed: run npm ci"
  [ -x "node_modules/.bin/$1" ] || fail "\`$1\` is not installed, as after npm ci --omit=dev or with NODE_ENV=production: run npm ci --include=dev, or build it elsewhere and copy dist/"
  find . -maxdepth 1 -name 'dist.[0-9]*' -mmin +60 -exec rm -rf {} + 2>/dev/null || true # Those of builds that were killed.
  why=$(mkdir "$draft" 2>&1) || fail "cannot be written ($why): run npm run build as its owner, where that can be done"
}

publish() { # $1: the draft, $2: where it goes, $3: the checksum
  if ! is_made "$2" "$3"; then
    echo "$3" >"$1/.made-of"
    mkdir -p "$(dirname "$2")"
    mv "$2" "$draft.old" 2>/dev/null || [ ! -e "$2" ] || fail "$2 cannot be replaced: remove it"
    mv "$1" "$2"
    rm -rf "$2/$(basename "$1")" # Another was faster just now, and ours went into it.
  fi
  rm -rf "$draft" "$draft.old" || echo "$PWD/$draft.old is left: remove it, as its owner" >&2
}

dist_sum=$(sum_of_dist)
if is_made dist "$dist_sum" && [ ! -x node_modules/.bin/prisma ]; then exit; fi # It needs no client beside it to run.

sum=$(sum_of_client)
if ! is_made "$client" "$sum"; then
  begin prisma
  mkdir "$draft/prisma"
  cp prisma/schema.prisma "$draft/prisma" # It says where the client goes, from where it is itself.
  node_modules/.bin/prisma generate --schema "$draft/prisma/schema.prisma"
  publish "$draft/$client" "$client" "$sum"
fi

if ! is_made dist "$dist_sum"; then
  begin tsc
  node_modules/.bin/tsc --noCheck --outDir "$draft"
  publish "$draft" dist "$dist_sum"
fi
