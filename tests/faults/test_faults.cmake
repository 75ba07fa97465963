# failing.c goes before the C library: beside a sanitizer's own malloc() it cannot.
add_library(failing MODULE ${folder}/failing.c)
target_link_libraries(failing PRIVATE ${CMAKE_DL_LIBS})
target_compile_definitions(${name} PRIVATE FAILING="$<TARGET_FILE:failing>")
add_dependencies(${name} failing)
add_test(NAME faults COMMAND ${name})
set_tests_properties(faults PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
