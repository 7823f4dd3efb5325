#pragma once
// The schema of a campaign's file, embedded from schema.sql, and what a file is recognised by.
#include <cstdint>
#include <string_view>

namespace stillpoint::campaign {

// PRAGMA application_id and PRAGMA user_version, as schema.sql sets them.
constexpr std::int64_t kCampaignApplicationId = 0x53744c63;
constexpr std::int64_t kCampaignSchemaVersion = 2;

extern const std::string_view kSchemaSql;

}  // namespace stillpoint::campaign
