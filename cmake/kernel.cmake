# SPDX-License-Identifier: MIT
#
# `ctbench kernel` runs programs in the kernel; clang compiles them, libbpf loads them.  Without one of
# the two the command says so (harness/measure/kernel_bpf.c).
pkg_check_modules(BPF QUIET IMPORTED_TARGET libbpf)
find_program(CTBENCH_BPF_CLANG NAMES clang clang-14)
option(CTBENCH_KERNEL "build ctbench kernel, if clang and libbpf-dev are installed" ON)
if(CTBENCH_KERNEL AND BPF_FOUND AND CTBENCH_BPF_CLANG)
  set(source ${CMAKE_SOURCE_DIR}/harness/measure/bpf/kernel.bpf.c)
  set(object ${CMAKE_BINARY_DIR}/kernel.bpf.o)
  # asm/types.h is in the folder of the architecture.
  set(include "")
  if(CMAKE_LIBRARY_ARCHITECTURE)
    set(include -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  endif()
  add_custom_command(OUTPUT ${object}
    COMMAND ${CTBENCH_BPF_CLANG} -O2 -g -target bpf -Wall -Werror -I${CMAKE_SOURCE_DIR} ${include}
      -c ${source} -o ${object}
    DEPENDS ${source} ${CMAKE_SOURCE_DIR}/harness/measure/bpf/kernel.h VERBATIM)
  add_custom_target(kernel_programs DEPENDS ${object})
  add_dependencies(ctharness kernel_programs)
  set_source_files_properties(harness/measure/kernel_bpf.c PROPERTIES
    COMPILE_DEFINITIONS "CTBENCH_BPF_OBJECT=\"${object}\"" OBJECT_DEPENDS ${object})
  target_link_libraries(ctharness PUBLIC PkgConfig::BPF)
else()
  message(STATUS "ctbench kernel: left out, because the Debian packages clang and libbpf-dev are not both installed")
endif()
