# `cmake --build BUILD --target skeleta_pages`: pages of the library, BUILD/html/index.html, from the comments of
# the public headers. A public name without one is an error.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  set(DOXYGEN_PROJECT_BRIEF ${PROJECT_DESCRIPTION})
  set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
  set(DOXYGEN_MARKDOWN_SUPPORT NO)  # * and _ are formulas here
  set(DOXYGEN_STRIP_FROM_PATH ${PROJECT_SOURCE_DIR}/include)
  set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
  set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
  set(DOXYGEN_EXCLUDE_SYMBOLS names_of)  # what core/names.h reads
  set(DOXYGEN_QUIET YES)
  doxygen_add_docs(skeleta_pages include)
endif()
