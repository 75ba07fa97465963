# The program once for each table of others that inserts its two nodes one at a time
# (peers/two_nodes.inc.h): interleave_peers is liburcu's, interleave_NAME another.
function(ctbench_interleave_peer target name)
  target_compile_definitions(${target} PRIVATE PEER_FILE="variants/peers/${name}.c" PEER_VARIANT=ct_variant_${name})
  string(REGEX REPLACE "^test_" "" short ${target})
  add_test(NAME ${short} COMMAND ${target})
  set_tests_properties(${short} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()
ctbench_interleave_peer(test_interleave_peers cds_lfht)
foreach(peer ${CTBENCH_VARIANTS})
  set(file ${CMAKE_SOURCE_DIR}/variants/peers/${peer}.c)
  # The same table under another flavour or hash; one entry for both directions; no table of others;
  # DPDK's need its own flags.
  if(NOT EXISTS ${file} OR peer MATCHES "^(cds_lfht|cds_lfht_qsbr|ovs_cmap_folded|ovs_conntrack.*|share_nothing|replica|rte_hash_.*)$")
    continue()
  endif()
  add_executable(test_interleave_${peer} ${source})
  target_link_libraries(test_interleave_${peer} PRIVATE ctharness testcommand PkgConfig::CMOCKA)
  target_compile_definitions(test_interleave_${peer} PRIVATE CTBENCH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  ctbench_interleave_peer(test_interleave_${peer} ${peer})
endforeach()
