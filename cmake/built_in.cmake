# SPDX-License-Identifier: MIT
#
# Files that are part of the program, so that a copied ctbench is complete: workloads, their
# captures, gnuplot scripts, style and script of reports, and the scripts of ctbench compare and
# ctbench sweep.  See
# harness/base/built_in.h.
file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
  workloads/*.yaml workloads/suites/*.yaml workloads/self/*.yaml
  workloads/captures/*.pcap workloads/captures/*.zst plots/*.gp plots/*.css plots/*.js tools/build-revision.sh
  tools/sweep.sh tools/sweep-job.sh)
set(assembly "")
set(declarations "")
set(rows "")
set(paths "")
set(nr 0)
foreach(file ${files})
  set(name built_in_${nr})
  string(APPEND assembly "__asm__(\".section .rodata\\n\"\n"
    "\t\".globl ${name}, ${name}_end\\n.hidden ${name}, ${name}_end\\n\"\n"
    "\t\"${name}: .incbin \\\"${CMAKE_SOURCE_DIR}/${file}\\\"\\n${name}_end: .byte 0\\n.previous\");\n")
  string(APPEND declarations "extern const char ${name}[], ${name}_end[];\n")
  string(APPEND rows "\t{ \"${file}\", ${name}, ${name}_end },\n")
  list(APPEND paths ${CMAKE_SOURCE_DIR}/${file})
  math(EXPR nr "${nr} + 1")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/built_in_files.c @ONLY CONTENT
"/* Made by cmake/built_in.cmake. */
#include \"harness/base/built_in.h\"

@assembly@
@declarations@
const struct built_in built_in_files[] = {
@rows@};
const size_t built_in_nr_files = @nr@;
")
set_source_files_properties(${CMAKE_BINARY_DIR}/built_in_files.c PROPERTIES OBJECT_DEPENDS "${paths}")
