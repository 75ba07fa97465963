# Every library that ctbench needs, with its Debian package, so that an error can
# name the package that is missing.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

function(ctbench_need target module package)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET ${module})
  if(NOT ${target}_FOUND)
    message(FATAL_ERROR "${module} is missing: install the Debian package ${package} (make deps does)")
  endif()
endfunction()

ctbench_need(HWLOC hwloc libhwloc-dev)
ctbench_need(CYAML libcyaml libcyaml-dev)
ctbench_need(YAML yaml-0.1 libyaml-dev)
ctbench_need(PCAP libpcap libpcap-dev)
ctbench_need(ZSTD libzstd libzstd-dev)
ctbench_need(JANSSON jansson libjansson-dev)
ctbench_need(BENCHMARK benchmark libbenchmark-dev)
foreach(flavour memb qsbr mb bp cds)
  string(TOUPPER URCU_${flavour} target)
  ctbench_need(${target} liburcu-${flavour} liburcu-dev)
endforeach()

# ctmalloc: the allocator of the whole process.
add_library(ctmalloc INTERFACE)
if(CTBENCH_MALLOC STREQUAL "jemalloc")
  ctbench_need(JEMALLOC jemalloc libjemalloc-dev)
  target_link_libraries(ctmalloc INTERFACE PkgConfig::JEMALLOC)
  target_compile_definitions(ctmalloc INTERFACE CTBENCH_JEMALLOC=1)
elseif(NOT CTBENCH_MALLOC STREQUAL "libc")
  message(FATAL_ERROR "CTBENCH_MALLOC is '${CTBENCH_MALLOC}': jemalloc or libc")
endif()
