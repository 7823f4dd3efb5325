# The language level and the root of includes hang on whatever stands on this project; warnings hold for its own folders only, since
# nobody's service is written to please them.
add_library(stillpoint_options INTERFACE)
target_compile_features(stillpoint_options INTERFACE cxx_std_20)
target_include_directories(stillpoint_options INTERFACE ${PROJECT_SOURCE_DIR})
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
                    $<$<NOT:$<CONFIG:Release>>:-fno-omit-frame-pointer>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict)  # false alarms of GCC 12 on std::string
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})  # executables at the top of the build folder

# A fixed position of code and data is part of a run's identity (pointer-ordered containers), and the loader's lazy
# binding would allocate at unpredictable moments: bind now.
add_link_options(-Wl,-z,now -Wl,--build-id=sha1)

set(STILLPOINT_SANITIZE "" CACHE STRING "Sanitizers to build with, for example 'address,undefined'")
if(STILLPOINT_SANITIZE)
  add_compile_options(-fsanitize=${STILLPOINT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${STILLPOINT_SANITIZE})
  if(STILLPOINT_SANITIZE MATCHES "undefined")
    # This check probes memory through a real pipe, by libc's name: a simulated host would have made the call.
    add_compile_options(-fno-sanitize=vptr)
    add_link_options(-fno-sanitize=vptr)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms of GCC 12: in instrumented standard headers, and at the frames of coroutines that Asio allocates.
    add_compile_options(-Wno-maybe-uninitialized -Wno-mismatched-new-delete)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND STILLPOINT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=function)  # clang 14's check does not understand coroutine frames
    add_link_options(-fno-sanitize=function)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
