# flowline.c is part of the test, with its hooks.
target_link_libraries(test_interleave_flowline PRIVATE PkgConfig::URCU_BP)
add_test(NAME interleave_flowline COMMAND test_interleave_flowline)
set_tests_properties(interleave_flowline PROPERTIES TIMEOUT 300)
