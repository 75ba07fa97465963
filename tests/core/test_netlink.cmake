# The judge is the library that user space reads the kernel's messages with.
ctbench_need(NFCT libnetfilter_conntrack libnetfilter-conntrack-dev)
ctbench_need(MNL libmnl libmnl-dev)
add_library(testnfct STATIC fixture/nfct.c)
target_link_libraries(testnfct PUBLIC PkgConfig::NFCT PkgConfig::MNL)
target_link_libraries(test_netlink PRIVATE testnfct)
add_test(NAME netlink COMMAND test_netlink)
set_tests_properties(netlink PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
