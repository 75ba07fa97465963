# Tables by others.  If the library of one is missing, the table is left out, and a line names its
# package.  -DCTBENCH_PEERS=OFF leaves out all, -DCTBENCH_PEER_TBB=OFF one.
#
# Sets CTBENCH_PEER_NAME_FOUND for variants/variants.def, CTBENCH_PEER_LIBRARIES to link, and
# CTBENCH_PEER_DEFINITIONS.
option(CTBENCH_PEERS "build the tables of other libraries, where those are installed" ON)
set(CTBENCH_PEER_LIBRARIES "")
set(CTBENCH_PEER_DEFINITIONS "")

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
    set(CTBENCH_PEER_DEFINITIONS ${CTBENCH_PEER_DEFINITIONS} CTBENCH_PEER_${name} PARENT_SCOPE)
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
