foreach(variant ${CTBENCH_VARIANTS})
  add_test(NAME conformance.${variant} COMMAND test_conformance ${variant})
  set_tests_properties(conformance.${variant} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()
