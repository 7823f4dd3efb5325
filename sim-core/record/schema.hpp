#pragma once
// The schema of a trace file, embedded from schema.sql, and what a file is recognised by.
#include <cstdint>
#include <string_view>

namespace stillpoint {

// PRAGMA application_id and PRAGMA user_version of a trace, as schema.sql sets them.
constexpr std::int64_t kTraceApplicationId = 0x53744c70;
constexpr std::int64_t kTraceSchemaVersion = 1;

// Creates the tables and views of an empty trace.
extern const std::string_view kSchemaSql;
// Creates the indexes of a finished one.
extern const std::string_view kIndexesSql;

}  // namespace stillpoint
