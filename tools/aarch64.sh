#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds a few tables for aarch64 with Debian's cross compiler and runs their tests under qemu-user:
# another memory model, and another compiler back end.
#
#   tools/aarch64.sh FOLDER [CTEST-OPTION]...      (default: tests of conformance, scenarios, replay)
#
# FOLDER gets Debian's arm64 packages, unpacked: nothing is installed and root is not needed.
# Exit status: 77 if the compiler, qemu or the packages are not available.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
variants="nulls_rcu_jhash2_scale_seqcount;locked_jhash2_scale_seqcount;plain_rcu_deferred;cds_lfht;flowline_qsbr;null"
packages="libbenchmark-dev libcmocka-dev libcyaml-dev libhwloc-dev libjansson-dev libjemalloc-dev libmnl-dev
	libnetfilter-conntrack-dev libpcap-dev libstdc++-12-dev liburcu-dev libyaml-dev libzstd-dev"

skip() {
	echo "skipped: $1" >&2
	exit 77
}
for tool in aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ qemu-aarch64 apt-get dpkg-deb; do
	command -v $tool >/dev/null || skip "$tool is missing: apt-get install g++-aarch64-linux-gnu qemu-user"
done

# A separate state of apt, in which this machine is an arm64.
if [ ! -e "$folder/sysroot/done" ]; then
	mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" "$folder/sysroot"
	: >"$folder/status"
	cat >"$folder/apt.conf" <<-END
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "";
		Dir::State "$folder/state";
		Dir::State::status "$folder/status";
		Dir::Cache "$folder/cache";
		Debug::NoLocking "true";
	END
	apt-get -q -c "$folder/apt.conf" update >"$folder/apt.log" 2>&1 &&
		apt-get -q -y -c "$folder/apt.conf" --download-only install $packages >>"$folder/apt.log" 2>&1 ||
		skip "Debian's arm64 packages cannot be fetched: see $folder/apt.log"
	for deb in "$folder"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$folder/sysroot"
	done
	# Absolute links would lead out of the folder.
	find "$folder/sysroot" -type l -lname '/*' | while read -r link; do
		ln -sfn "$folder/sysroot$(readlink "$link")" "$link"
	done
	: >"$folder/sysroot/done"
fi

export CTBENCH_SYSROOT="$folder/sysroot"
cmake -S "$here" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release -DCTBENCH_ONLY="$variants" \
	-DCMAKE_TOOLCHAIN_FILE="$here/cmake/aarch64.cmake" >"$folder/cmake.log" ||
	{ cat "$folder/cmake.log" >&2; exit 1; }
cmake --build "$folder/build" -j "${JOBS:-$(nproc)}" --target ctbench test_conformance test_conformance_keys \
	test_conformance_walks test_conformance_threads test_scenarios test_pipeline test_bucket
[ $# -gt 0 ] || set -- -R '^(conformance\.|scenarios|pipeline$|bucket$)'
# An emulated program is some ten times slower.
ctest --test-dir "$folder/build" --output-on-failure --timeout 1500 "$@"
