# The libraries behind stillpoint_executable, by the names that it links: in this project, in one around it, and, through
# find_package(stillpoint) in this build folder, in one beside it.
foreach(name annotations cli programs interpose)
  set(target stillpoint_${name})
  if(name STREQUAL "interpose")
    set(target sp_interpose)
  endif()
  add_library(stillpoint::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
endforeach()

export(TARGETS stillpoint_annotations stillpoint_cli stillpoint_programs sp_interpose
               workloads sp_campaign sp_explain sp_record sp_supervise sp_process sp_scenario sp_injector sp_faults sp_check
               sp_kernel sp_net sp_disk sp_engine
               sp_trace sp_random sp_base stillpoint_boost stillpoint_options
       NAMESPACE stillpoint:: FILE ${PROJECT_BINARY_DIR}/stillpoint-targets.cmake)
configure_file(${PROJECT_SOURCE_DIR}/cmake/stillpoint-config.cmake.in ${PROJECT_BINARY_DIR}/stillpoint-config.cmake @ONLY)
