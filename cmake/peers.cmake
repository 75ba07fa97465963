# Tables by others.  If the library of one is missing, the table is left out, and a line names its
# package.  -DCTBENCH_PEERS=OFF leaves out all, -DCTBENCH_PEER_TBB=OFF one.
#
# Sets CTBENCH_PEER_NAME_FOUND for cmake/variants.cmake, CTBENCH_PEER_LIBRARIES to link, and
# CTBENCH_PEER_SOURCES.
option(CTBENCH_PEERS "build the tables of other libraries, where those are installed" ON)
set(CTBENCH_PEER_LIBRARIES "")
set(CTBENCH_PEER_SOURCES "")

# ctbench_peer(NAME, "its variants", its Debian package, TRUE if it was found, libraries to link...)
function(ctbench_peer name variants package found)
  option(CTBENCH_PEER_${name} "build ${variants}, if ${package} is installed" ON)
  if(NOT CTBENCH_PEERS OR NOT CTBENCH_PEER_${name})
    message(STATUS "${variants}: left out, as asked")
  elseif(NOT found)
    message(STATUS "${variants}: left out, because the Debian package ${package} is not installed")
  else()
    set(CTBENCH_PEER_${name}_FOUND TRUE PARENT_SCOPE)
    set(CTBENCH_PEER_LIBRARIES ${CTBENCH_PEER_LIBRARIES} ${ARGN} PARENT_SCOPE)
  endif()
endfunction()

pkg_check_modules(CK QUIET IMPORTED_TARGET ck)
ctbench_peer(CK "ck_hs" libck-dev "${CK_FOUND}" PkgConfig::CK)
find_package(TBB QUIET)
ctbench_peer(TBB "tbb_map" libtbb-dev "${TBB_FOUND}" TBB::tbb)
find_path(CUCKOO_INCLUDE libcuckoo/cuckoohash_map.hh)
ctbench_peer(CUCKOO "cuckoo_map" libcuckoo-dev "${CUCKOO_INCLUDE}")
pkg_check_modules(ABSL QUIET IMPORTED_TARGET absl_flat_hash_set)
ctbench_peer(ABSL "absl_map" libabsl-dev "${ABSL_FOUND}" PkgConfig::ABSL)

# Open vSwitch's cmap has no library: its source is compiled here, as it is in Debian's tarball.
find_file(OVS_SOURCE openvswitch.tar.gz PATHS /usr/src/openvswitch NO_DEFAULT_PATH)
ctbench_peer(OVS "ovs_cmap, ovs_cmap_folded, ovs_conntrack, ovs_conntrack_ordered" openvswitch-source "${OVS_SOURCE}")
if(CTBENCH_PEER_OVS_FOUND)
  set(ovs ${CMAKE_BINARY_DIR}/openvswitch)
  if(NOT EXISTS ${ovs}/lib/cmap.c)
    file(ARCHIVE_EXTRACT INPUT ${OVS_SOURCE} DESTINATION ${CMAKE_BINARY_DIR}
      PATTERNS "openvswitch/lib/*.c" "openvswitch/lib/*.h" "openvswitch/include/*.h")
  endif()
  file(WRITE ${ovs}/config.h
    "#define HAVE_STDATOMIC_H 1\n#define HAVE_THREAD_LOCAL 1\n#define CACHE_LINE_SIZE 64\n")
  list(APPEND CTBENCH_PEER_SOURCES variants/peers/ovs_cmap_runtime.c)
  # Their warnings are theirs.  TSan would tell of plain reads of hashes, which a counter guards.
  add_library(ovs_cmap_library OBJECT ${ovs}/lib/cmap.c)
  target_include_directories(ovs_cmap_library BEFORE PRIVATE ${ovs} ${ovs}/include ${ovs}/lib)
  target_compile_options(ovs_cmap_library PRIVATE -w)
  if(CTBENCH_SANITIZE MATCHES "thread")
    target_compile_options(ovs_cmap_library PRIVATE -fno-sanitize=thread)
  endif()
  list(APPEND CTBENCH_PEER_SOURCES $<TARGET_OBJECTS:ovs_cmap_library>)
endif()

# DPDK's .pc file brings 53 libraries: of these a table needs three.
pkg_check_modules(DPDK QUIET libdpdk)
ctbench_peer(DPDK "rte_hash_lf, rte_hash_rw" libdpdk-dev "${DPDK_FOUND}" rte_hash rte_rcu rte_eal)
if(CTBENCH_PEER_DPDK_FOUND)
  list(APPEND CTBENCH_PEER_SOURCES variants/peers/rte_process.c)
  foreach(name rte_process rte_hash_lf rte_hash_rw)
    set_source_files_properties(variants/peers/${name}.c PROPERTIES
      COMPILE_FLAGS "-include rte_config.h -march=corei7"
      INCLUDE_DIRECTORIES "${DPDK_INCLUDE_DIRS}")
  endforeach()
endif()
