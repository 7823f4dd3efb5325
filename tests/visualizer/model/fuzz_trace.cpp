// Trace files with random damage, to the bytes and to what they say: the model opens them or refuses them with an
// Error, and nothing that a user can do with an opened one does harm. A round is made again from its number alone.
#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <stillpoint/error.hpp>

#include "tests/visualizer/model/exercise.hpp"
#include "tests/visualizer/model/make_big_trace.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr int kRounds = 1000;
#else
constexpr int kRounds = 2000;
#endif
// No round takes long, however the file is damaged.
constexpr std::chrono::seconds kLongestRound{5};

// The page size of the recorder's files: structure is at the beginning of a page.
constexpr std::size_t kPage = 32768;

std::string with_damaged_bytes(std::string bytes, Random& random) {
  for (std::uint64_t i = 1 + random(30); i-- > 0;) {
    std::size_t at = random(bytes.size());
    if (random(3) != 0) at = random(bytes.size() / kPage) * kPage + random(200);
    // The end of a page holds its rows.
    if (random(3) == 0) at = (1 + random(bytes.size() / kPage)) * kPage - 1 - random(600);
    bytes[std::max<std::size_t>(at, 100)] = static_cast<char>(random(256));
  }
  return bytes;
}

std::string with_missing_bytes(std::string bytes, Random& random) {
  if (random(2) == 0) {
    bytes.resize(random(bytes.size()));
  } else {
    bytes.erase(random(bytes.size()), random(1 << 16));
  }
  return bytes;
}

const char* const kColumns[][12] = {
    {"event", "id", "at_ns", "host", "boot", "kind", "subject", "a", "b", "cause", "cause_kind", "payload"},
    {"edge", "event", "cause", "kind"},
    {"host", "id", "name", "role", "address"},
    {"operation", "invoke", "user", "function", "arguments", "completion", "outcome", "answer"},
    {"violation", "event", "class", "invariant", "promised", "found", "because"},
    {"witness", "violation", "event", "role"},
    {"log", "event", "at_ns", "host", "boot", "severity", "text"},
    {"connection", "event", "client", "client_address", "server", "server_address"},
    {"metadata", "scenario", "seed", "overrides", "bug", "complete", "verdict", "exit_code", "hash", "events"},
    {"kind", "name", "meaning"},
};
const char* const kValues[] = {"NULL",
                               "0",
                               "-1",
                               "1",
                               "5",
                               "10",
                               "21",
                               "9223372036854775807",
                               "-9223372036854775807 - 1",
                               "4611686018427387904",
                               "1e300",
                               "'x'",
                               "''",
                               "x'ff00c3'",
                               "x''",
                               "printf('%.*c', 100000, 'y')",
                               "zeroblob(50000)",
                               "random()",
                               "random() % 30",
                               "65536",
                               "char(27, 10, 0)",
                               "rowid + 1",
                               "rowid * 7"};

std::string random_sql(Random& random) {
  std::string sql = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;";
  for (std::uint64_t i = 1 + random(4); i-- > 0;) {
    const auto& table = kColumns[random(3) == 0 ? random(std::size(kColumns)) : 0];
    std::size_t columns = 1;
    while (columns < std::size(table) && table[columns] != nullptr) ++columns;
    const char* column = table[1 + random(columns - 1)];
    const std::string where = random(3) == 0 ? "1" : fmt::format("rowid % {} = {}", 2 + random(20), random(2));
    switch (random(8)) {
      case 0:
        sql += fmt::format("DELETE FROM {} WHERE {};", table[0], where);
        break;
      case 1:
        sql += fmt::format("INSERT OR IGNORE INTO {0} SELECT * FROM {0};", table[0]);
        break;
      default:
        sql += fmt::format("UPDATE OR REPLACE {} SET {} = {} WHERE {};", table[0], column,
                           kValues[random(std::size(kValues))], where);
        break;
    }
  }
  return sql;
}

// What became of a round.
enum class End { opened, refused };

End open_and_exercise(const std::filesystem::path& path, Random& random) {
  try {
    exercise(path, random);
    return End::opened;
  } catch (const Error& error) {
    CAPTURE(error.what());
    REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
    return End::refused;
  }
}

End round(const std::filesystem::path& path, const std::string& whole, std::uint64_t number) {
  Random random(number);
  switch (number % 4) {
    case 0:
      write_file(path, with_damaged_bytes(whole, random));
      break;
    case 1:
      if (random(4) == 0) {
        write_file(path, with_missing_bytes(whole, random));
        break;
      }
      [[fallthrough]];
    default:
      write_file(path, whole);
      try {
        Database(path, Database::Access::write, {path.string()}).run(random_sql(random).c_str());
      } catch (const Error&) {  // the schema forbids it; what came before it is done
      }
      break;
  }
  return open_and_exercise(path, random);
}

}  // namespace

TEST_CASE("no damage to a trace does harm", "[fuzz_trace]") {
  const Folder folder;
  record_sale(folder / "sale");
  const std::string sale = contents(folder / "sale");
  // Large enough for pages above pages.
  make_big_trace(folder / "larger", 3000);
  const std::string larger = contents(folder / "larger");
  const char* only = std::getenv("STILLPOINT_FUZZ_ROUND");
  const std::uint64_t first = only == nullptr ? 0 : std::strtoull(only, nullptr, 10);
  int opened = 0;
  int refused = 0;
  for (std::uint64_t number = first; number < (only == nullptr ? kRounds : first + 1); ++number) {
    CAPTURE(number);
    const auto start = std::chrono::steady_clock::now();
    const End end = round(folder / "damaged", number % 9 != 8 ? sale : larger, number);
    ++(end == End::opened ? opened : refused);
    CHECK(std::chrono::steady_clock::now() - start < kLongestRound);
    std::filesystem::remove(folder / "damaged-journal");
  }
  fmt::print("{} damaged traces opened, {} refused\n", opened, refused);
  if (only == nullptr) {
    CHECK(opened > kRounds / 3);
    CHECK(refused > kRounds / 20);
  }
}
