#!/bin/sh
# Installs Debian/Ubuntu packages as root without starting, or switching on for the next boot, any service.
# What it changes for that, it takes back; what the machine had before stays as it was.
set -eu

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
policy=/usr/sbin/policy-rc.d
cluster_conf=/etc/postgresql-common/createcluster.conf
made_policy='' made_conf=''

take_back() {
  if [ -n "$made_policy" ]; then rm -f "$policy"; fi
  if [ -n "$made_conf" ]; then
    rm -f "$cluster_conf"
    # The package laid its own version aside because ours was there: it belongs in its place now.
    if [ -e "$cluster_conf.ucf-dist" ]; then mv "$cluster_conf.ucf-dist" "$cluster_conf"; fi
  fi
}
trap take_back EXIT
trap 'exit 130' INT TERM

if [ ! -e "$policy" ]; then
  made_policy=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
if [ ! -e "$cluster_conf" ]; then
  made_conf=yes
  mkdir -p "$(dirname "$cluster_conf")"
  printf 'create_main_cluster = false\n' >"$cluster_conf"
fi

apt-get update || echo "apt-get update failed for some source; going on with the lists that are there" >&2

packages=''
for wanted in "$@"; do
  if [ "$wanted" = postgis ]; then
    # The server version belongs to the release of the machine: take the newest that has PostGIS.
    wanted=$(apt-cache pkgnames postgresql- | grep -E '^postgresql-[0-9]+-postgis-3$' | sort -t- -k2,2nr | head -n 1)
    if [ -z "$wanted" ]; then
      echo "no package postgresql-*-postgis-3 in the package sources of this machine" >&2
      exit 1
    fi
  fi
  packages="$packages $wanted"
done

fresh=''
for unit in redis-server nginx; do
  case " $packages " in *" $unit"*)
    if ! command -v "$unit" >/dev/null 2>&1; then fresh="$fresh $unit"; fi ;;
  esac
done

# shellcheck disable=SC2086 # a list of package names
apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef $packages

for unit in $fresh; do
  deb-systemd-helper disable "$unit.service" >/dev/null 2>&1 || true
  update-rc.d "$unit" disable >/dev/null 2>&1 || true
  if find /etc/systemd/system -name "$unit.service" -path '*.wants/*' 2>/dev/null | grep -q .; then
    echo "could not switch off $unit for the next boot" >&2
  fi
done
