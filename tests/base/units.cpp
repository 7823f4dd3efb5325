#include "sim-core/base/units.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace stillpoint;
using namespace std::chrono_literals;

TEST_CASE("durations are read with a unit") {
  struct Row {
    const char* text;
    Duration duration;
  };
  const auto row = GENERATE(values<Row>({{"0s", 0s},
                                         {"100ns", 100ns},
                                         {"250us", 250us},
                                         {"5ms", 5ms},
                                         {"1.5s", 1500ms},
                                         {"10m", 10min},
                                         {"2h", 2h},
                                         {"0.25h", 15min},
                                         {".5s", 500ms},
                                         {"5.s", 5s},
                                         {"1.000000001s", 1'000'000'001ns},
                                         {"0.0005us", 0ns},  // what is less than a nanosecond is cut
                                         {"-5ms", -5ms},
                                         {"9223372036854775807ns", Duration::min()},  // 19 digits: refused below
                                         {"999999999999999999ns", 999'999'999'999'999'999ns}}));
  INFO(row.text);
  if (row.duration == Duration::min()) {
    CHECK_FALSE(parse_duration(row.text).has_value());
  } else {
    CHECK(parse_duration(row.text) == row.duration);
  }
}

TEST_CASE("what is no duration is refused") {
  const auto text = GENERATE(values<const char*>(
      {"",     "5",      "ms",   "-",   "-ms",  "5 ms", " 5ms", "5ms ",          "5MS",      "5sec",
       "5min", "1.2.3s", "1e3s", "+5s", "5,5s", "--5s", "0x5s", "1.0000000001s", "3000000h", "106751d"}));
  INFO(text);
  CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("exact durations are short and read back as themselves") {
  struct Row {
    Duration duration;
    const char* text;
  };
  const auto row = GENERATE(values<Row>({{0ns, "0s"},
                                         {1ns, "1ns"},
                                         {1'001ns, "1001ns"},
                                         {250us, "250us"},
                                         {1500ms, "1500ms"},
                                         {30s, "30s"},
                                         {90s, "90s"},
                                         {120s, "2m"},
                                         {3600s, "1h"},
                                         {-5ms, "-5ms"}}));
  CHECK(exact_duration(row.duration) == row.text);
  CHECK(parse_duration(row.text) == row.duration);
}

TEST_CASE("any duration survives being written and read") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5'000; ++i) {
    const std::int64_t units[] = {1, 1'000, 1'000'000, 1'000'000'000, 60'000'000'000};
    const auto count = static_cast<std::int64_t>(random() % 10'000'000) - 5'000'000;
    const Duration duration(count * units[random() % 5]);
    INFO(duration.count());
    REQUIRE(parse_duration(exact_duration(duration)) == duration);
  }
}

TEST_CASE("durations for a person") {
  struct Row {
    Duration duration;
    const char* text;
  };
  const auto row = GENERATE(values<Row>({{0ns, "0 ns"},
                                         {999ns, "999 ns"},
                                         {1us, "1 us"},
                                         {412ms, "412 ms"},
                                         {1234567ns, "1.23 ms"},
                                         {1s, "1.0 s"},
                                         {3210ms, "3.2 s"},
                                         {119s, "119.0 s"},
                                         {120s, "2 m 0 s"},
                                         {3599s, "59 m 59 s"},
                                         {1h + 47min + 10s, "1 h 47 m"},
                                         {-2s, "-2.0 s"}}));
  CHECK(readable_duration(row.duration) == row.text);
}

TEST_CASE("large numbers are grouped, and rounded") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'000) == "1,000");
  CHECK(grouped(1'234'567) == "1,234,567");
  CHECK(grouped(18'446'744'073'709'551'615U) == "18,446,744,073,709,551,615");
  CHECK(rounded(940) == "940");
  CHECK(rounded(9'999) == "9999");
  CHECK(rounded(12'400) == "12.4 k");
  CHECK(rounded(3'100'000) == "3.1 M");
  CHECK(rounded(2.5e9) == "2.5 G");
}
