# Over every variant; under sanitizers, over one of each kind.
set(names ${CTBENCH_VARIANTS})
if(CTBENCH_SANITIZE)
  set(names nulls_rcu_jhash2_scale_seqcount locked_per_bucket plain_rcu_deferred nulls_rcu_constant linux_4_11 cds_lfht)
endif()
foreach(variant ${names})
  add_test(NAME scenarios.${variant} COMMAND test_scenarios ${variant})
  set_tests_properties(scenarios.${variant} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS conformance)
endforeach()
