// The parts of the screen that need no screen: words, ticks, where things stand.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/visualizer/screen/shown.hpp"
#include "visualizer/screen/layout.hpp"
#include "visualizer/screen/operation_rows.hpp"
#include "visualizer/screen/time_axis.hpp"
#include "visualizer/screen/words.hpp"

using namespace stillpoint;
using namespace stillpoint::view;

TEST_CASE("times and lengths in words") {
  CHECK(seconds_text(86'269'000) == "0.086269 s");
  CHECK(seconds_text(1'566'837'351) == "1.566837351 s");
  CHECK(seconds_text(-5) == "-0.000000005 s");
  CHECK(seconds_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036.854775808 s");
  CHECK(length_text(350) == "350 ns");
  CHECK(length_text(12'500) == "12.5 us");
  CHECK(length_text(5'005'000) == "5.005 ms");
  CHECK(length_text(3'000'000'000) == "3 s");
  CHECK(rough_length_text(37'831'000) == "37.8 ms");
  CHECK(rough_length_text(635'400) == "635 us");
  CHECK(apart_text(1'000, 6'000) == "5 us before");
  CHECK(apart_text(7'000, 6'000) == "1 us later");
  CHECK(apart_text(7, 7) == "at the same moment");
  CHECK(difference(std::numeric_limits<std::int64_t>::max(), -1) == std::numeric_limits<std::int64_t>::max());
  CHECK(count_text(1, "event") == "1 event");
  CHECK(count_text(6'779, "event") == "6,779 events");
}

TEST_CASE("every mark has its sentence") {
  CHECK(sentences_for_marks(0).empty());
  CHECK(sentences_for_marks(kDanglingCause | kTimeGoesBack | kUnknownKind | kUnknownHost).size() == 4);
}

TEST_CASE("ticks are round, in sight, and no more than fit") {
  for (const TimeRange range : {TimeRange{0, 100},
                                {3, 1'000},
                                {52'000'000, 91'000'000},
                                {0, 3'600'000'000'000},
                                {-5'000, 5'000},
                                {89'899'900, 89'900'000}}) {
    const auto marks = ticks(range, 8);
    INFO(range.begin_ns << " to " << range.end_ns);
    REQUIRE(marks.size() >= 2);
    CHECK(marks.size() <= 9);
    const std::int64_t step = marks[1].at_ns - marks[0].at_ns;
    std::int64_t digit = step;
    while (digit % 10 == 0) digit /= 10;
    CHECK((digit == 1 || digit == 2 || digit == 5));
    for (std::size_t i = 0; i < marks.size(); ++i) {
      CHECK(marks[i].at_ns % step == 0);
      CHECK((marks[i].at_ns >= range.begin_ns && marks[i].at_ns <= range.end_ns));
      if (i > 0) CHECK(marks[i].label != marks[i - 1].label);
    }
  }
  CHECK(ticks({0, 91'000'000}, 9)[1].label == "20 ms");
  CHECK(ticks({0, 3'000'000'000}, 9)[1].label == "0.5 s");
  CHECK(ticks({0, 2'000}, 9)[1].label == "0.5 us");
  CHECK(ticks({0, std::numeric_limits<std::int64_t>::max()}, 5).size() >= 2);
  CHECK(ticks({0, 100}, 0).empty());
}

TEST_CASE("a scale goes from times to pixels and back, and never far beyond itself") {
  const TimeScale scale{{1'000, 2'000}, 100, 500};
  CHECK(scale.x_of(1'000) == 100);
  CHECK(scale.x_of(1'500) == 350);
  CHECK(scale.time_at(350) == 1'500);
  CHECK(scale.x_of(std::numeric_limits<std::int64_t>::max()) == Approx(600 + kBeyondScale));
  CHECK(scale.x_of(std::numeric_limits<std::int64_t>::min()) == Approx(100 - kBeyondScale));
  CHECK(scale.time_at(-1e9F) == 1'000);
  CHECK(scale.time_at(1e9F) == 2'000);
}

TEST_CASE("the parts of the screen neither overlap nor leave the display") {
  for (const float width : {1.0F, 320.0F, 700.0F, 1000.0F, 1600.0F, 4000.0F}) {
    for (const float height : {1.0F, 240.0F, 500.0F, 640.0F, 1000.0F, 3000.0F}) {
      INFO(width << " x " << height);
      const Layout layout = lay_out({width, height}, 140, {}, 1);
      const Box parts[] = {layout.header, layout.banner, layout.minimap, layout.axis,
                           layout.lanes,  layout.legend, layout.bottom,  layout.panel};
      for (std::size_t i = 0; i < std::size(parts); ++i) {
        const Box& part = parts[i];
        if (part.empty()) continue;
        CHECK((part.x >= 0 && part.y >= 0 && part.right() <= width + 0.5F && part.bottom() <= height + 0.5F));
        for (std::size_t j = 0; j < i; ++j) {
          const Box& other = parts[j];
          const bool apart = other.empty() || part.x >= other.right() - 0.5F || other.x >= part.right() - 0.5F ||
                             part.y >= other.bottom() - 0.5F || other.y >= part.bottom() - 0.5F;
          CHECK(apart);
        }
      }
    }
  }
}

TEST_CASE("the cursor's user comes first among the operations, then those of the witnesses") {
  const stillpoint::test::StoryFile& file = stillpoint::test::story_file();
  View view{Trace(file.path())};
  OperationRows rows(view.trace());
  const auto names = [&] {
    std::vector<std::string_view> result;
    for (std::size_t i = 0; i < rows.size(); ++i) result.push_back(rows.row(i).user);
    return result;
  };
  rows.update(view);
  CHECK(names() == std::vector<std::string_view>{"alice", "bob", "carol"});
  CHECK(rows.chosen() == 2);
  REQUIRE(view.go_to_id(file.story.bob_invoke));
  rows.update(view);
  CHECK(names() == std::vector<std::string_view>{"bob", "alice", "carol"});
}

TEST_CASE("operations between two events are those that touch them, as far as each row knows") {
  const stillpoint::test::StoryFile& file = stillpoint::test::story_file();
  const View view{Trace(file.path())};
  const Trace& trace = view.trace();
  const OperationRows rows(trace);
  const auto last = static_cast<EventIndex>(trace.events().size() - 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const UserRow& row = rows.row(i);
    for (EventIndex first = 0; first <= last; ++first) {
      std::size_t touching = 0;
      for (const std::uint32_t place : row.operations) {
        const Operation& operation = trace.operations()[place];
        if (operation.invoke <= last && operation.completion >= first) ++touching;
      }
      CHECK(rows.between(row, first, last).size() >= touching);
    }
    CHECK(rows.between(row, 0, row.operations.empty() ? 0 : trace.operations()[row.operations[0]].invoke).size() == 1);
  }
}
