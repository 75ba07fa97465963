# SPDX-License-Identifier: MIT
#
# cmake --install (make install): the program, which contains all that it needs, and documents.
# The program itself prints the manual pages and completions.
include(GNUInstallDirs)
install(TARGETS ctbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs workloads DESTINATION ${CMAKE_INSTALL_DOCDIR})
# flowline alone, for other programs: pkg-config --cflags flowline, --variable=source flowline.
configure_file(cmake/flowline.pc.in flowline.pc @ONLY)
install(FILES variants/frontier/flowline.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ctbench)
install(FILES variants/frontier/flowline.c DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/ctbench)
install(FILES ${CMAKE_BINARY_DIR}/flowline.pc DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/pkgconfig)
install(CODE "
  set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATAROOTDIR}\")
  function(made_by_ctbench path)
    set(file \"\${share}/\${path}\")
    get_filename_component(folder \"\${file}\" DIRECTORY)
    file(MAKE_DIRECTORY \"\${folder}\")
    execute_process(COMMAND \"$<TARGET_FILE:ctbench>\" \${ARGN} OUTPUT_FILE \"\${file}\"
      COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS \"Installing: \${file}\")
  endfunction()
  file(MAKE_DIRECTORY \"\${share}/man/man1\")
  execute_process(COMMAND \"$<TARGET_FILE:ctbench>\" man --out \"\${share}/man/man1\"
    COMMAND_ERROR_IS_FATAL ANY)
  message(STATUS \"Installing: \${share}/man/man1/ctbench*.1\")
  made_by_ctbench(ctbench/workload.schema.json list --schema)
  made_by_ctbench(bash-completion/completions/ctbench completion bash)
  made_by_ctbench(zsh/site-functions/_ctbench completion zsh)
  made_by_ctbench(fish/vendor_completions.d/ctbench.fish completion fish)
")
