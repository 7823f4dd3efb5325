#include "system-under-test/plaza/domain/cells.hpp"

#include <catch2/catch.hpp>

using namespace plaza;

namespace {

std::size_t bytes_of(const CellList& cells) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : cells) bytes += key.size() + value.size();
  return bytes;
}

// What is reckoned with every change is what it is when reckoned from nothing.
void require_sound(const Cells& cells) {
  REQUIRE(cells.hash() == Cells::hash_of(cells.all()));
  REQUIRE(cells.bytes() == bytes_of(cells.all()));
  REQUIRE(cells.size() == cells.all().size());
}

}  // namespace

TEST_CASE("cells are found, visited by prefix in the order of their keys, and gone when erased", "[cells]") {
  Cells cells;
  for (const char* key : {"b/2", "a", "b/10", "c", "b/1", "b"}) cells.put(key, std::string("of ") + key);
  REQUIRE(cells.find("b/10") != nullptr);
  CHECK(*cells.find("b/10") == "of b/10");
  CHECK(cells.find("b/") == nullptr);

  std::vector<std::string> seen;
  cells.each("b/", [&](std::string_view key, std::string_view value) {
    CHECK(value == "of " + std::string(key));
    seen.emplace_back(key);
  });
  CHECK(seen == std::vector<std::string>{"b/1", "b/10", "b/2"});
  seen.clear();
  cells.each("", [&](std::string_view key, std::string_view) { seen.emplace_back(key); });
  CHECK(seen.size() == 6);

  cells.erase("b/10");
  cells.erase("never there");
  CHECK(cells.find("b/10") == nullptr);
  CHECK(cells.size() == 5);
  require_sound(cells);
}

TEST_CASE("keys and values may be any bytes, or none", "[cells]") {
  Cells cells;
  const std::string zero("\0\xff", 2);
  cells.put(zero, zero);
  cells.put("", "of nobody");
  cells.put("empty", "");
  CHECK(*cells.find(zero) == zero);
  CHECK(*cells.find("") == "of nobody");
  CHECK(cells.find("empty")->empty());
  CHECK(cells.bytes() == 4 + 9 + 5);
  require_sound(cells);
}

TEST_CASE("changes are remembered once by key, until they are taken", "[cells]") {
  Cells cells(CellList{{"a", "1"}, {"b", "2"}, {"c", "3"}});
  CHECK(cells.changes() == 0);
  cells.put("b", "3");
  cells.put("b", "4");
  cells.put("a", "1");  // as it is
  cells.erase("c");
  cells.put("new", "5");
  cells.put("short-lived", "6");
  cells.erase("short-lived");
  CHECK(cells.changes() == 4);
  CHECK(cells.take_changes() == std::vector<CellChange>{{.number = 2, .key = "b", .value = "4"},
                                                        {.number = 3, .key = "c", .value = std::nullopt},
                                                        {.number = 4, .key = "new", .value = "5", .is_new = true}});
  CHECK(cells.changes() == 0);
  CHECK(cells.take_changes().empty());
  // What was taken once is known, and its end is told.
  cells.put("back again", "7");
  CHECK(cells.take_changes().size() == 1);
  cells.erase("back again");
  cells.put("back again", "8");
  cells.erase("back again");
  CHECK(cells.take_changes() == std::vector<CellChange>{{.number = 5, .key = "back again", .value = std::nullopt}});
  CHECK(cells.all() == CellList{{"a", "1"}, {"b", "4"}, {"new", "5"}});
}

TEST_CASE("a key that points into the cell that it changes", "[cells]") {
  Cells cells(CellList{{"a", "1"}});
  cells.each("", [&](std::string_view key, std::string_view) { cells.put(std::string(key), "2"); });
  CHECK(*cells.find("a") == "2");
  std::string_view inside;
  cells.each("", [&](std::string_view key, std::string_view) { inside = key; });
  cells.erase(inside);
  CHECK(cells.take_changes() == std::vector<CellChange>{{.number = 1, .key = "a", .value = std::nullopt}});
}

TEST_CASE("the hash hangs on what the cells are, and not on how they came to be so", "[cells]") {
  Cells forth;
  Cells back;
  for (int i = 0; i < 100; ++i) forth.put(std::to_string(i), std::string(static_cast<std::size_t>(i) * 7, 'x'));
  back.put("aside", "for a while");
  for (int i = 99; i >= 0; --i) {
    back.put(std::to_string(i), "something else");
    back.put(std::to_string(i), std::string(static_cast<std::size_t>(i) * 7, 'x'));
  }
  back.erase("aside");
  CHECK(forth.hash() == back.hash());
  CHECK(Cells(forth.all()).hash() == forth.hash());
  require_sound(back);

  const auto hash = [](const CellList& cells) { return Cells(cells).hash(); };
  CHECK(Cells().hash() == 0);
  CHECK(hash({{"a", "b"}}) != hash({{"b", "a"}}));
  CHECK(hash({{"ab", "c"}}) != hash({{"a", "bc"}}));
  CHECK(hash({{"", "ab"}}) != hash({{"ab", ""}}));
  CHECK(hash({{"a", "1"}, {"b", "2"}}) != hash({{"a", "2"}, {"b", "1"}}));
  // As it is on disks already.
  CHECK(hash({{"event/1", "free"}}) == 0xd1a20206c030f3f5);
}
