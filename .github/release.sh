#!/usr/bin/env bash
# Publishes every crate whose version has no tag yet, in the order in which they depend on each other; then tags each, and
# writes its release from its changelog. `--dry-run` says what would be done, and packs and builds it.
set -euo pipefail
cd "$(dirname "$0")/.."

# By their folders, as a package's name may change. What a crate needs stands before it.
folders=(supabase-core postgrest-rs gotrue-rs storage-rs functions-rs realtime-rs supabase-mock supabase)

field() { sed -n "s/^$2 = \"\(.*\)\"$/\1/p" "crates/$1/Cargo.toml" | head -1; }

# What stands in a changelog below the heading of a version, up to the next one.
notes() { awk -v heading="## [$2]" 'index($0, heading) == 1 { on = 1; next } /^## / { on = 0 } on' "crates/$1/CHANGELOG.md"; }

names=() tags=() from=()
for folder in "${folders[@]}"; do
  name=$(field "$folder" name) version=$(field "$folder" version)
  tag="$name-v$version"
  if git rev-parse --quiet --verify "refs/tags/$tag" > /dev/null; then
    echo "$name $version: released"
    continue
  fi
  if [ -z "$(notes "$folder" "$version")" ]; then
    echo "$name $version: nothing stands in crates/$folder/CHANGELOG.md below \"## [$version]\"" >&2
    exit 1
  fi
  echo "$name $version: to be released"
  names+=("$name") tags+=("$tag") from+=("$folder $version")
done
[ ${#names[@]} -gt 0 ] || exit 0

# All in one command: cargo sorts them, and waits until the registry has what the next one needs.
cargo publish --locked "$@" "${names[@]/#/--package=}"
case " $* " in *" --dry-run "*) exit 0 ;; esac

for number in "${!tags[@]}"; do
  read -r folder version <<< "${from[$number]}"
  git tag --annotate --message "${names[$number]} $version" "${tags[$number]}"
  git push origin "refs/tags/${tags[$number]}"
  notes "$folder" "$version" | gh release create "${tags[$number]}" --verify-tag --title "${names[$number]} $version" --notes-file -
done
