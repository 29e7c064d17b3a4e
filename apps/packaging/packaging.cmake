# What `cmake --install` installs, and what `cpack` makes of it: a package for Debian, and an archive that
# can be unpacked anywhere. No installed file names a folder of the build.
include(CMakePackageConfigHelpers)

# --- library -------------------------------------------------------------------------------------
install(TARGETS skeleta EXPORT skeleta-targets)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        PATTERN cluster EXCLUDE)  # the program's own
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/skeleta)
install(EXPORT skeleta-targets NAMESPACE skeleta:: DESTINATION ${package_dir})
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/skeleta-config.cmake CONTENT [[
include(CMakeFindDependencyMacro)
enable_language(C)
find_dependency(Eigen3 3.4)
find_dependency(TBB)
find_dependency(fmt)
find_dependency(HDF5 COMPONENTS C HL)
find_dependency(ZLIB)
include(${CMAKE_CURRENT_LIST_DIR}/skeleta-targets.cmake)
]] @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/skeleta-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/skeleta-config.cmake
              ${PROJECT_BINARY_DIR}/skeleta-config-version.cmake DESTINATION ${package_dir})

if(NOT SKELETA_PROGRAM)
  return()
endif()

# --- program: what a shell and man know of it, it prints itself ------------------------------------
install(TARGETS skeleta_main RUNTIME)
if(NOT CMAKE_CROSSCOMPILING)
  set(words ${PROJECT_BINARY_DIR}/words)
  file(MAKE_DIRECTORY ${words})
  # printed(FILE FOLDER ARGUMENT...): the program's answer, as a file that is installed in FOLDER
  function(printed file folder)
    add_custom_command(OUTPUT ${words}/${file} COMMAND skeleta_main ${ARGN} > ${words}/${file}
                       DEPENDS skeleta_main VERBATIM)
    target_sources(skeleta_words PRIVATE ${words}/${file})
    install(FILES ${words}/${file} DESTINATION ${folder})
  endfunction()
  add_custom_target(skeleta_words ALL)
  printed(skeleta.1 ${CMAKE_INSTALL_MANDIR}/man1 manual)
  printed(skeleta ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
  printed(_skeleta ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
  printed(skeleta.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
endif()

# --- readers ---------------------------------------------------------------------------------------
install(DIRECTORY analysis/python/skeleta_analysis DESTINATION lib/python3/dist-packages
        FILES_MATCHING PATTERN "*.py")
install(DIRECTORY analysis/octave analysis/r DESTINATION ${CMAKE_INSTALL_DATADIR}/skeleta)
install(FILES README.md CHANGELOG.md CITATION.cff data/schema.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# --- packages --------------------------------------------------------------------------------------
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_CONTACT "The skeleta developers")
set(CPACK_PACKAGE_VENDOR "The skeleta developers")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/staged.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # of the program; for who builds against the library:
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4), libtbb-dev, libhdf5-dev, zlib1g-dev, libfmt-dev")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-h5py, python3-xarray, python3-h5netcdf, python3-matplotlib")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Computes the loss of ReLU autoencoders on sparse data by number of active features, exactly or by
Monte Carlo, trains on it, and compares minimisers with Thomson configurations. Contains the program,
the C++ library with its headers, and readers of its HDF5 files for Python, Octave and R.")
include(CPack)
