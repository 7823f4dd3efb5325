#include "system-under-test/plaza/load/ledger.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "system-under-test/plaza/load/options.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using namespace plaza::load;

namespace {

std::vector<Entry> examples() {
  Entry done;
  done.at_ms = 1767225600123;
  done.user = "load-0007";
  done.outcome = Outcome::done;
  done.took_us = 1840;
  done.request = {.id = "r-1", .op = Operation::hold, .event = "a \"b\"", .seats = {4, 5}};
  done.answer = Response{.id = "r-1", .version = 310, .hold = "r-1", .count = 2, .seats = {4, 5}};
  done.answer->lasts = std::chrono::milliseconds(30'000);
  Entry refused = done;
  refused.outcome = Outcome::refused;
  refused.request = {.id = "r-2", .op = Operation::purchase, .event = "concert", .hold = "r-1"};
  refused.answer = Response{.id = "r-2", .version = 311, .error = Error::not_held};
  Entry unknown = refused;
  unknown.outcome = Outcome::unknown;
  unknown.answer = {};
  unknown.error = "Connection timed out";
  Entry look = unknown;
  look.outcome = Outcome::done;
  look.error = "";
  look.request = {.id = "r-3", .op = Operation::look, .event = "concert"};
  look.answer =
      Response{.id = "r-3", .version = 5, .counts = EventCounts{.free = 1, .held = 2, .sold = 3, .waiting = 4}};
  return {done, refused, unknown, look};
}

std::string error_of(const std::filesystem::path& path) {
  try {
    read_ledger(path);
  } catch (const BadInput& failure) {
    return failure.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a ledger reads as it was written", "[plaza][load]") {
  const ::test::Folder folder;
  const std::filesystem::path path = folder / "ledger";
  LedgerFile file(path);
  for (const Entry& entry : examples()) file.write(entry);
  file.flush();
  CHECK(read_ledger(path).entries == examples());
  CHECK_FALSE(read_ledger(path).is_torn);

  // Only its end is missing: nothing is lost.
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  CHECK(read_ledger(path).entries == examples());
  CHECK_FALSE(read_ledger(path).is_torn);

  // Whoever wrote it was killed: the last line is torn.
  const auto size = std::filesystem::file_size(path);
  for (const std::uintmax_t lost : {1u, 19u}) {
    std::filesystem::resize_file(path, size - lost);
    CHECK(read_ledger(path).entries.size() == 3);
    CHECK(read_ledger(path).is_torn);
  }
}

TEST_CASE("what is no ledger is told by its line", "[plaza][load]") {
  const std::string good = plaza::load::encode(examples()[0]);
  struct Case {
    std::string text, complaint;
  };
  const std::vector<Case> cases{
      {"", " has no entry of a ledger"},
      {"hello", ":1: no entry of a ledger"},
      {"hello\n", ":1: no entry of a ledger"},
      {"[]\n", ":1: no entry of a ledger"},
      {good + "\n{}\n" + good + "\n", ":2: no entry of a ledger"},
      {good + "\n\n", ":2: no entry of a ledger"},
      {R"({"at_ms":1,"user":"a","outcome":"done","took_us":1,"request":{"id":"r","op":"look","event":"e"}})"
       "\n",
       ":1: no entry of a ledger"},
      {R"({"at_ms":1,"user":"a","outcome":"lost","took_us":1,"request":{"id":"r","op":"look","event":"e"}})"
       "\n",
       ":1: no entry of a ledger"},
      {R"({"at_ms":1,"user":"a","outcome":"unknown","took_us":1,"request":{"id":"r","op":"fly","event":"e"}})"
       "\n",
       ":1: no entry of a ledger"},
      {R"({"at_ms":1,"user":"a","outcome":"done","took_us":1,"request":{"id":"r","op":"look","event":"e"},)"
       R"("answer":{"id":"s","ok":true,"version":1}})"
       "\n",
       ":1: no entry of a ledger"},
  };
  const ::test::Folder folder;
  const std::filesystem::path path = folder / "ledger";
  for (const Case& one : cases) {
    INFO(one.text);
    std::ofstream(path) << one.text;
    CHECK(error_of(path) == path.string() + one.complaint);
  }
  CHECK(error_of(folder / "none") == (folder / "none").string() + " cannot be read: No such file or directory");
  CHECK(error_of(folder.path) == folder.path.string() + " cannot be read: Is a directory");
}

TEST_CASE("a ledger that cannot be written is told", "[plaza][load]") {
  const ::test::Folder folder;
  CHECK_THROWS_AS(LedgerFile(folder / "none/ledger"), BadInput);
  LedgerFile full("/dev/full");
  full.write(examples()[0]);
  CHECK_THROWS_AS(full.flush(), BadInput);
  LedgerFile none("");
  none.write(examples()[0]);
  CHECK_NOTHROW(none.flush());
}
