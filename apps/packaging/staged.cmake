# Run by cpack on the staged files of each package: what packages do, and a plain installation does not.

# A static library is not stripped at installation, but its debugging symbols name the folders of the build.
file(GLOB_RECURSE libraries ${CPACK_TEMPORARY_DIRECTORY}/*.a)
foreach(library IN LISTS libraries)
  execute_process(COMMAND strip --strip-debug --enable-deterministic-archives ${library}
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# Debian's places, and its rule that manual pages are compressed.
if(CPACK_GENERATOR STREQUAL DEB)
  set(share ${CPACK_TEMPORARY_DIRECTORY}/usr/share)
  file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
  execute_process(COMMAND gzip -9n ${share}/man/man1/skeleta.1 COMMAND_ERROR_IS_FATAL ANY)
endif()
