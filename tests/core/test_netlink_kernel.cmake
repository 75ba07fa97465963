# The same messages to the running kernel: needs root, and says so without.
target_link_libraries(test_netlink_kernel PRIVATE testnfct)
add_test(NAME netlink_kernel COMMAND test_netlink_kernel)
set_tests_properties(netlink_kernel PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
