# Turns the two SQL files into one C++ file: cmake -DSCHEMA=... -DINDEXES=... -DOUTPUT=... -P embed.cmake
file(READ ${SCHEMA} schema)
file(READ ${INDEXES} indexes)
file(WRITE ${OUTPUT} "// Generated from schema.sql and indexes.sql by embed.cmake.
#include \"sim-core/record/schema.hpp\"

namespace stillpoint {

const std::string_view kSchemaSql = R\"sql(${schema})sql\";
const std::string_view kIndexesSql = R\"sql(${indexes})sql\";

}  // namespace stillpoint
")
