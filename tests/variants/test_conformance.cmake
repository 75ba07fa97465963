ctbench_each_variant(test_conformance conformance "")
