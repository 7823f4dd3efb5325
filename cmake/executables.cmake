# What the project of a service makes with Stillpoint. docs/your-service.md is its guide.

# stillpoint_program(NAME sources… [LIBRARIES …]): an ordinary program, with its main, as the shared object NAME.so that a simulated host
# can run. NAME may end in .so itself, so that an executable of the same sources can have the name without.
function(stillpoint_program name)
  cmake_parse_arguments(PROGRAM "" "" "LIBRARIES" ${ARGN})
  if(NOT PROGRAM_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "stillpoint_program(${name}): it needs the program's sources")
  endif()
  string(REGEX REPLACE "\\.so$" "" output ${name})
  add_library(${name} MODULE ${PROGRAM_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES PREFIX "" OUTPUT_NAME ${output} SUFFIX .so LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  target_link_options(${name} PRIVATE -Wl,-z,now -Wl,-Bsymbolic)
  target_link_libraries(${name} PRIVATE ${PROGRAM_LIBRARIES})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -fno-gnu-unique)
  endif()
endfunction()

# stillpoint_executable(NAME sources… [LIBRARIES …]): the command line of Stillpoint with scenarios of one's own in it, which register
# themselves (<stillpoint/scenario.hpp>). LIBRARIES are what they use, such as the client library of the service: of the same Boost.
function(stillpoint_executable name)
  cmake_parse_arguments(EXECUTABLE "" "" "LIBRARIES" ${ARGN})
  add_executable(${name} ${EXECUTABLE_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  # A fixed position of code and data is part of a run's identity (pointer-ordered containers); the loader's lazy binding would allocate
  # at unpredictable moments; and the build's id tells traces of another build.
  target_link_options(${name} PRIVATE -Wl,-z,now -Wl,--build-id=sha1)
  # Object files all of them: nothing refers to a scenario but its registration, nor to an interposed name but shared libraries.
  target_link_libraries(${name} PRIVATE stillpoint::cli stillpoint::programs stillpoint::interpose ${EXECUTABLE_LIBRARIES})
endfunction()
