#!/usr/bin/env bash
# Puts Keycloak's image into buildah's storage under its real name, quay.io/keycloak/keycloak:<version>, where the
# registry may be out of reach: a stand-in is made from Keycloak's distribution in Maven Central on a Debian root file
# system with Java 21. Like the official image it runs kc.sh as user 1000:0 and holds neither curl nor a package manager,
# so docker/Dockerfile builds on either. The version is the one that docker/Dockerfile pins.
#
#   base-image.sh [--pull-first]
#     --pull-first   ask the registry first (10 s for an answer), make the stand-in only if that fails
#
# Kept in $KECS_TEST_CACHE/base-image: an OCI layout of the image for each version (skopeo copies it to a Docker daemon or
# to a registry), the root file system, the distribution. What is there is used again, wherever it came from.
# Last line of output: image=<name> source=stand-in|registry path=<OCI layout>
# shellcheck disable=SC2016  # "$1" and $(…) in single quotes are for mmdebstrap's hooks and for apt
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/env.sh"
dockerfile=$here/../../docker/Dockerfile
cache=$KECS_TEST_CACHE/base-image
suite=trixie
java=openjdk-21-jre-headless
maven_copy=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy

say() { echo "base-image: $*"; }
fail() { echo "base-image: $*" >&2; exit 1; }

pull_first=
case ${1:-} in
  '') ;;
  --pull-first) pull_first=1 ;;
  *) echo "base-image: unknown argument '$1'; usage: base-image.sh [--pull-first]" >&2; exit 2 ;;
esac

version=$(sed -n 's/^ARG KEYCLOAK_VERSION=\([0-9][0-9A-Za-z.-]*\).*$/\1/p' "$dockerfile")
[[ $version ]] || fail "no line 'ARG KEYCLOAK_VERSION=<version>' in $dockerfile"
[[ -s $CONTAINERS_STORAGE_CONF ]] || fail "no $CONTAINERS_STORAGE_CONF; run tests/tools/setup.sh image first"
image=quay.io/keycloak/keycloak:$version
layout=$cache/keycloak-$version
rootfs=$cache/rootfs-$suite-$java.tar

stored() { buildah inspect --type image "$image" >/dev/null 2>&1; }
result() { echo "image=$image source=$(<"$layout/source") path=$layout"; }

# Debian's mirror as this machine's apt has it; none on another distribution, where mmdebstrap's own default serves.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 -E '/debian/?$' || true
}

# Essential packages only: bash and coreutils, but no apt and no curl. The JRE's installation fails without man1.
debian_rootfs() {
  local mirror start=$SECONDS
  if [[ -s $rootfs ]]; then return; fi
  command -v mmdebstrap >/dev/null || { say "mmdebstrap is not installed"; return 1; }
  mirror=$(debian_mirror)
  mmdebstrap --quiet --format=tar --variant=essential --include="$java,ca-certificates" --skip=output/dev \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --essential-hook='mkdir -p "$1/usr/share/man/man1"' \
    --customize-hook='rm -rf "$1"/var/cache/* "$1"/var/log/*' \
    "$suite" "$rootfs.part" ${mirror:+"$mirror"} >"$cache/mmdebstrap.log" 2>&1 || return 1
  mv "$rootfs.part" "$rootfs"
  say "Debian $suite with $java: $((SECONDS - start)) s"
}

# The libraries that the given programs and shared objects load.
libraries_of() { ldd "$@" 2>/dev/null | sed -nE 's/.* => (\/[^ ]+) .*/\1/p; s/^\t(\/[^ ]+ld-[^ ]+) .*/\1/p' | sort -u; }

# Without mmdebstrap: this machine's Java, and the programs that kc.sh and the Dockerfile call, each at its own path.
host_rootfs() {
  local root=$work/host home program files=()
  home=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p')
  [[ $home ]] || fail "neither mmdebstrap nor a Java on PATH can make the system layer (log: $cache/mmdebstrap.log)"
  mkdir -p "$root"/{etc/ssl/certs,proc,sys,dev,tmp,usr/bin,usr/lib,usr/lib64,"${home#/}"}
  chmod 1777 "$root/tmp"
  ln -s usr/bin "$root/bin" && ln -s usr/lib "$root/lib" && ln -s usr/lib64 "$root/lib64"
  tar -C "$home" --dereference --ignore-failed-read --exclude=./jmods --exclude=./lib/src.zip --exclude=./lib/ct.sym \
    -cf - . 2>/dev/null | tar -xf - -C "$root$home"
  for program in bash sh env cat dirname basename readlink realpath uname grep sed ls id mkdir rm touch chmod sleep; do
    cp --dereference "$(type -P "$program")" "$root/usr/bin/$program"
    files+=("$root/usr/bin/$program")
  done
  ln -s "$home/bin/java" "$root/usr/bin/java"
  mapfile -t -O "${#files[@]}" files < <(find "$root$home" -type f \( -name '*.so' -o -path '*/bin/java' \))
  libraries_of "${files[@]}" | grep -v "^$root" | while read -r program; do
    cp --parents --dereference "$program" "$root/"
  done
  cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar -C "$root" --numeric-owner --owner=0 --group=0 -cf "$work/context/rootfs.tar" .
}

# Maven obeys the machine's settings (mirrors, proxies), and -C has it check the sha1 that the repository serves.
distribution() {
  local start=$SECONDS zip=$cache/keycloak-quarkus-dist-$version.zip
  if [[ ! -s $zip ]]; then
    mvn --batch-mode --no-transfer-progress --quiet -C "$maven_copy" \
      "-Dartifact=org.keycloak:keycloak-quarkus-dist:$version:zip" "-DoutputDirectory=$work/dist" >"$cache/maven.log" 2>&1 ||
      { say "Maven could not fetch org.keycloak:keycloak-quarkus-dist:$version:zip; is Maven Central (or the mirror in ~/.m2/settings.xml) reachable? Log: $cache/maven.log" >&2; return 1; }
    mv "$work/dist/${zip##*/}" "$zip"
    say "Keycloak $version from Maven Central: $((SECONDS - start)) s, sha256 $(sha256sum "$zip" | cut -d' ' -f1)"
  fi
  unzip -q "$zip" -d "$work/unpacked"
  mv "$work/unpacked/keycloak-$version" "$work/context/keycloak"
  rm -f "$work"/context/keycloak/bin/*.bat
  chmod -R g+rwX "$work/context/keycloak"
}

make_stand_in() {
  local fetch system=debian start
  mkdir -p "$work/context"
  distribution & fetch=$!
  if debian_rootfs; then ln "$rootfs" "$work/context/rootfs.tar"; else system=host; fi
  wait "$fetch" || exit 1
  if [[ $system = host ]]; then
    say "mmdebstrap could not make a Debian system; taking this machine's Java instead (log: $cache/mmdebstrap.log)"
    host_rootfs
  fi
  cat >"$work/Containerfile" <<'CONTAINERFILE'
FROM scratch
ADD rootfs.tar /
COPY --chown=1000:0 keycloak /opt/keycloak
COPY passwd group /etc/
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 KC_RUN_IN_CONTAINER=true
LABEL org.opencontainers.image.title="Stand-in for the Keycloak image"
USER 1000
EXPOSE 8080 8443 9000
ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]
CONTAINERFILE
  tar -xOf "$work/context/rootfs.tar" ./etc/passwd >"$work/context/passwd"
  tar -xOf "$work/context/rootfs.tar" ./etc/group >"$work/context/group"
  echo 'keycloak:x:1000:0:keycloak user:/opt/keycloak:/sbin/nologin' >>"$work/context/passwd"
  start=$SECONDS
  buildah bud --isolation chroot --layers --quiet --format oci --tag "$image" \
    --file "$work/Containerfile" "$work/context" >"$cache/buildah.log" 2>&1 ||
    fail "buildah could not make the image: $(tail -n 3 "$cache/buildah.log")"
  rm -rf "$layout.part"
  buildah push --quiet "$image" "oci:$layout.part:$version" >>"$cache/buildah.log" 2>&1 ||
    fail "buildah could not write the OCI layout: $(tail -n 3 "$cache/buildah.log")"
  echo stand-in >"$layout.part/source"
  mv "$layout.part" "$layout"
  say "image assembled and exported: $((SECONDS - start)) s"
}

# The manifest first, with 10 s for an answer; then as long as the download takes.
pull() {
  timeout 10 skopeo inspect --raw "docker://$image" >/dev/null 2>"$cache/pull.log" || return 1
  rm -rf "$layout.part"
  timeout 600 skopeo copy --quiet "docker://$image" "oci:$layout.part:$version" 2>"$cache/pull.log" || return 1
  echo registry >"$layout.part/source"
  mv "$layout.part" "$layout"
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [[ -s $layout/source ]] && stored; then
  result
  exit
fi
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [[ ! -s $layout/source ]]; then
  if [[ $pull_first ]] && pull; then
    say "pulled from the registry"
  else
    [[ ! $pull_first ]] || say "the registry did not give $image ($(tail -n 1 "$cache/pull.log" | cut -c1-200)); making a stand-in"
    make_stand_in
  fi
fi
stored || skopeo copy --quiet "oci:$layout:$version" "containers-storage:$image"
result
