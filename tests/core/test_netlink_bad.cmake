target_link_libraries(test_netlink_bad PRIVATE testnfct)
add_test(NAME netlink_bad COMMAND test_netlink_bad)
set_tests_properties(netlink_bad PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
