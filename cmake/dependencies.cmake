include(packages)
if(STILLPOINT_VIEWER)
  # Debian's ImGui has its backends for GLFW and OpenGL 3 inside.
  pkg_check_modules(imgui REQUIRED IMPORTED_TARGET imgui)
  pkg_check_modules(stb REQUIRED IMPORTED_TARGET stb)
  find_package(glfw3 REQUIRED)
endif()

# Asio and Beast are compiled once, here, instead of in every translation unit that uses them.
add_library(stillpoint_boost STATIC ${PROJECT_SOURCE_DIR}/cmake/boost_impl.cpp)
target_compile_features(stillpoint_boost PUBLIC cxx_std_20)
target_include_directories(stillpoint_boost SYSTEM PUBLIC ${Boost_INCLUDE_DIRS})
target_compile_definitions(stillpoint_boost PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(stillpoint_boost PUBLIC Boost::json Threads::Threads)
