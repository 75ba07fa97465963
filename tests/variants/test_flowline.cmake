# flowline.c by itself, for other objects: it needs nothing but its header and an adapter.  Compiled
# into the test, so that the library's own copy, for connections, is not linked.
target_sources(test_flowline PRIVATE ${CMAKE_SOURCE_DIR}/variants/frontier/flowline.c)
target_compile_definitions(test_flowline PRIVATE FL_ADAPTER="tests/variants/flowline_adapter.h")
target_link_libraries(test_flowline PRIVATE PkgConfig::URCU_BP)
add_test(NAME flowline COMMAND test_flowline)
set_tests_properties(flowline PROPERTIES TIMEOUT 300)
