# One translation unit per variant, named in variants/variants.def, which is the
# only list of them.
file(STRINGS variants/variants.def VARIANT_LINES REGEX "^(VARIANT\\(|#)")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS variants/variants.def)
set(CTBENCH_VARIANTS "")
set(CTBENCH_ONLY "" CACHE STRING "the variants to build, for builds that are thrown away: a list; empty: all")
set(VARIANT_SOURCES variants/registry.c variants/node_pool.c variants/frontier/flowline.c
  variants/peers/match.c variants/peers/blocks.c)
# flowline depends only on an adapter that describes its objects.
set_source_files_properties(variants/frontier/flowline.c PROPERTIES COMPILE_DEFINITIONS
  FL_ADAPTER="variants/frontier/conntrack_adapter.h")
include(cmake/peers.cmake)
set(needs "")
foreach(line ${VARIANT_LINES})
  # #ifdef CTBENCH_PEER_NAME ... #endif around what needs that library
  if(line MATCHES "^#ifdef (CTBENCH_PEER_[A-Z]+)")
    set(needs ${CMAKE_MATCH_1})
  elseif(line MATCHES "^#endif")
    set(needs "")
  endif()
  if(line MATCHES "^#" OR (needs AND NOT ${needs}_FOUND))
    continue()
  endif()
  string(REGEX REPLACE "^VARIANT\\(([a-z0-9_]+)\\).*" "\\1" name "${line}")
  if(CTBENCH_ONLY AND NOT name IN_LIST CTBENCH_ONLY)
    continue()
  endif()
  list(APPEND CTBENCH_VARIANTS ${name})
  if(EXISTS ${CMAKE_SOURCE_DIR}/variants/peers/${name}.c)
    list(APPEND VARIANT_SOURCES variants/peers/${name}.c)
    if(EXISTS ${CMAKE_SOURCE_DIR}/variants/peers/${name}.cc)
      list(APPEND VARIANT_SOURCES variants/peers/${name}.cc)
    endif()
  elseif(EXISTS ${CMAKE_SOURCE_DIR}/variants/frontier/${name}.c)
    list(APPEND VARIANT_SOURCES variants/frontier/${name}.c)
  else()
    list(APPEND VARIANT_SOURCES variants/${name}.c)
  endif()
endforeach()
# The part of the register that is built; registry.c includes it.
list(TRANSFORM CTBENCH_VARIANTS REPLACE "(.+)" "VARIANT(\\1)\n" OUTPUT_VARIABLE built)
string(JOIN "" built ${built})
file(CONFIGURE OUTPUT variants/built.def CONTENT "${built}")
add_library(ctvariants STATIC ${VARIANT_SOURCES} ${CTBENCH_PEER_SOURCES})
target_link_libraries(ctvariants PUBLIC ctcore
  PkgConfig::URCU_MEMB PkgConfig::URCU_QSBR PkgConfig::URCU_MB PkgConfig::URCU_BP PkgConfig::URCU_CDS
  ${CTBENCH_PEER_LIBRARIES})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(variants/nulls_rcu_crc32c.c PROPERTIES COMPILE_OPTIONS -msse4.2)
endif()
# liburcu's bp flavour allocates its readers with less alignment than it declares
# (urcu-bp.c, 0.13); UBSan reports that in the inlined read side.
if(CTBENCH_SANITIZE MATCHES "undefined")
  set_source_files_properties(variants/nulls_rcu_bp.c PROPERTIES COMPILE_OPTIONS -fno-sanitize=alignment)
endif()
# Checks as calls, not inline: the same checks, and gcc compiles a variant in less than half the time.
if(CTBENCH_SANITIZE MATCHES "address" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ctvariants PRIVATE --param=asan-instrumentation-with-call-threshold=0)
endif()
