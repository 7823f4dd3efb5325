// Cells that no machine has written are found out, and named.
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/domain/tickets/records.hpp"
#include "tests/plaza/domain/random_requests.hpp"

using namespace plaza;
using namespace plaza::tickets;

namespace {

using CellMap = std::map<std::string, std::string>;

// ann holds gala 1-2 and one of the picnic, bob has bought gala 3, cat waits for four more than there are.
CellMap good_cells() {
  Office office;
  office.open(gala(4));
  office.open(picnic(4));
  office.ask(seconds(1), "ann", "h", hold(2));
  office.ask(seconds(1), "ann", "p", hold(1, kPicnic));
  office.ask(seconds(1), "bob", "b", buy(1));
  office.ask(seconds(1), "bob", "b", paid());
  office.ask(seconds(1), "cat", "w", wait(4));
  CellMap cells;
  for (const auto& [key, value] : office.machine.snapshot()) cells[key] = value;
  return cells;
}

// What is said of them; empty: they are taken.
std::string said_of(const CellMap& cells, Bugs bugs = {}) {
  Machine machine(bugs);
  try {
    machine.restore({cells.begin(), cells.end()}, 9);
  } catch (const DamagedState& damaged) {
    return damaged.what();
  }
  return "";
}

struct Case {
  std::function<void(CellMap&)> harm;
  std::string cell;  // that is named
  std::string why;
};

const RequestKey kAnn{"ann", "h"};
const RequestKey kDan{"dan", "x"};

const std::vector<Case> kCases = {
    {[](CellMap& cells) { cells["x/"] = ""; }, "x/", "nothing is kept under this name"},
    {[](CellMap& cells) { cells["t"] = "1"; }, "t", "no time"},
    {[](CellMap& cells) { cells["t"] = std::string(8, '\x7f'); }, "t", "no time"},
    {[](CellMap& cells) { cells.erase("t"); }, "a/\\x03ann\\x01h", "an answer of the future"},
    {[](CellMap& cells) {
       cells
           ["a/\x03"
            "ann"] = "";
     },
     "a/\\x03ann", "no key of a request"},
    {[](CellMap& cells) {
       cells
           ["a/\x03"
            "ann\x01h"] += "x";
       cells
           ["a/\x03"
            "ann\x01h"][0] = 9;
     },
     "a/\\x03ann\\x01h", "no answer"},
    {[](CellMap& cells) {
       cells
           ["a/\x03"
            "dan\x01h"] = "";
     },
     "a/\\x03dan\\x01h", "no answer"},
    {[](CellMap& cells) { cells[event_cell(kGala)].pop_back(); }, "e/\\x04gala", "no event"},
    {[](CellMap& cells) { cells[event_cell("other")] = cells[event_cell(kGala)]; }, "e/\\x05other", "no event"},
    {[](CellMap& cells) { cells.erase(event_cell(kGala)); }, "h/\\x04gala\\x03ann\\x01h",
     "of an event that there is not"},
    {[](CellMap& cells) { cells[hold_cell(kGala, kAnn)].pop_back(); }, "h/\\x04gala\\x03ann\\x01h", "no hold"},
    {[](CellMap& cells) { cells["h/\x04gala"] = cells[hold_cell(kGala, kAnn)]; }, "h/\\x04gala", "no hold"},
    {[](CellMap& cells) {
       cells[hold_cell(kGala, kDan)] = encode(Held{.lot = {1, {2}}, .deadline = seconds(9)});
     },
     "h/\\x04gala\\x03dan\\x01x", "a seat that is in another place as well"},
    {[](CellMap& cells) {
       cells[hold_cell(kGala, kDan)] = encode(Held{.lot = {1, {5}}, .deadline = seconds(9)});
     },
     "h/\\x04gala\\x03dan\\x01x", "a seat that the event does not have"},
    {[](CellMap& cells) { cells[hold_cell(kGala, kDan)] = encode(Held{.lot = {1}, .deadline = seconds(9)}); },
     "h/\\x04gala\\x03dan\\x01x", "seats where there are none"},
    {[](CellMap& cells) {
       cells[hold_cell(kPicnic, kDan)] = encode(Held{.lot = {1, {1}}, .deadline = seconds(9)});
     },
     "h/\\x03pic\\x03dan\\x01x", "seats where there are none"},
    {[](CellMap& cells) {
       cells[hold_cell(kGala, kDan)] = encode(Held{.lot = {1, {4}}});
     },
     "h/\\x04gala\\x03dan\\x01x", "no hold"},
    {[](CellMap& cells) {
       cells[hold_cell(kPicnic, {"ann", "1"})] =
           encode(Held{.lot = {1}, .deadline = seconds(9), .paying = Held::Paying{"q", seconds(9)}});
       cells[hold_cell(kPicnic, {"ann", "2"})] =
           encode(Held{.lot = {1}, .deadline = seconds(9), .paying = Held::Paying{"q", seconds(9)}});
     },
     "h/\\x03pic\\x03ann\\x012", "its purchase pays for another hold as well"},
    {[](CellMap& cells) {
       cells[sale_cell(kGala, kDan)] = encode(Sold{.lot = {1, {3}}, .index = 2});
     },
     "s/\\x04gala\\x03dan\\x01x", "a seat that is in another place as well"},
    {[](CellMap& cells) { cells[sale_cell(kGala, kDan)] = "zz"; }, "s/\\x04gala\\x03dan\\x01x", "no sale"},
    {[](CellMap& cells) {
       cells[sale_cell("none", kDan)] = encode(Sold{.lot = {1, {3}}, .index = 2});
     },
     "s/\\x04none\\x03dan\\x01x", "of an event that there is not"},
    {[](CellMap& cells) { cells[hold_cell(kPicnic, kDan)] = encode(Held{.lot = {1}, .deadline = seconds(9)}); },
     "e/\\x03pic", "what is free, held and sold is not the capacity"},
    {[](CellMap& cells) {
       cells.erase(hold_cell(kPicnic, {"ann", "p"}));
     },
     "e/\\x03pic", "what is free, held and sold is not the capacity"},
    {[](CellMap& cells) {
       cells[line_cell(kGala, 2)] = encode(Waiting{{"cat", "y"}, 1});
     },
     "w/\\x04gala\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02", "a user who is in line twice"},
    {[](CellMap& cells) { cells[line_cell(kGala, 2)] = "zz"; }, "w/\\x04gala\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02",
     "nobody who waits"},
};

}  // namespace

TEST_CASE("damaged cells are named") {
  REQUIRE(said_of(good_cells()).empty());
  for (const Case& test : kCases) {
    CellMap cells = good_cells();
    test.harm(cells);
    const std::string said = said_of(cells);
    INFO(test.cell << ": " << test.why);
    CHECK(said.find("cell \"" + test.cell + "\": " + test.why) == 0);
    CHECK(said.find('\n') == std::string::npos);
  }
}

TEST_CASE("cells with any harm are either refused or a state to go on with") {
  Lcg random(5);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    CellMap cells = good_cells();
    auto at = cells.begin();
    std::advance(at, random.below(static_cast<std::uint32_t>(cells.size())));
    std::string key = at->first;
    std::string value = at->second;
    std::string& harmed = random.one_in(2) ? key : value;
    if (random.one_in(4)) {
      harmed.resize(random.below(static_cast<std::uint32_t>(harmed.size() + 1)));
    } else if (!harmed.empty()) {
      char& byte = harmed[random.below(static_cast<std::uint32_t>(harmed.size()))];
      byte = static_cast<char>(random.below(256));
    }
    cells.erase(at);
    cells[key] = value;
    Office office;
    try {
      office.machine.restore({cells.begin(), cells.end()}, 9);
    } catch (const DamagedState&) {
      continue;
    }
    ++taken;
    RandomRequests requests(static_cast<std::uint64_t>(i));
    for (int n = 0; n < 10; ++n) office.apply(requests.next());
    office.let_pass(office.machine.now() + std::chrono::hours(1));
    CHECK(office.machine.hash() == Cells::hash_of(office.machine.cells().all()));
  }
  CHECK(taken > 1000);
}

TEST_CASE("names of any bytes do not take one another's cells") {
  Office office;
  std::vector<std::string> names = {"a",
                                    "b",
                                    "ab",
                                    "a/",
                                    std::string(1, '\0'),
                                    std::string("a\0b", 3),
                                    "\x01"
                                    "a",
                                    "\xff"};
  for (const std::string& event : names) office.open({.event = event, .capacity = 1000});
  for (const std::string& event : names) {
    for (const std::string& user : names) {
      for (const std::string& id : names) {
        const auto applied = office.ask({}, user, id + std::to_string(event.size()) + event, hold(1, event));
        REQUIRE(applied.answer.refusal == Refusal::none);
      }
    }
  }
  for (const std::string& event : names) CHECK(office.tickets().holds(event).size() == names.size() * names.size());
  Office other;
  other.machine.restore(office.machine.snapshot(), 1);
  for (const std::string& event : names) CHECK(other.tickets().holds(event) == office.tickets().holds(event));
}

TEST_CASE("after a long silence answers are forgotten a few at a time") {
  Office office;
  office.open(gala(10));
  for (int i = 0; i < 1000; ++i) office.ask({}, "ann", std::to_string(i), release("none"));
  office.machine.take_changes();
  const std::size_t before = office.machine.cells().size();
  office.let_pass(kAnswersKept);
  CHECK(office.machine.cells().size() < before);
  CHECK(office.machine.take_changes().size() < 100);
  // What is too old is not remembered, whether it was forgotten yet or not.
  CHECK_FALSE(office.ask({}, "ann", "999", release("none")).repeated);
  for (int i = 0; i < 100; ++i) office.let_pass(kAnswersKept);
  CHECK(office.machine.cells().size() == 3);  // the time, the event, and the one that was asked anew
}
