# The git revision goes into every trace. It is looked up at each build, and rewritten only when it changed.
set(STILLPOINT_VERSION_FILE ${PROJECT_BINARY_DIR}/generated/stillpoint_version.hpp)
add_custom_target(stillpoint_version
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          -DOUTPUT=${STILLPOINT_VERSION_FILE} -P ${PROJECT_SOURCE_DIR}/cmake/write_version.cmake
  BYPRODUCTS ${STILLPOINT_VERSION_FILE})
