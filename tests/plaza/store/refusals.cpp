// What is no store of this node's, or is damaged: one clear line, and nothing is changed or guessed.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>

#include "system-under-test/plaza/store/node_store.hpp"
#include "tests/plaza/store/model.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using namespace plaza::test;

namespace {

namespace fs = std::filesystem;

std::string complaint(const fs::path& folder, const NodeIdentity& identity = kNode) {
  try {
    const NodeStore store(folder, identity);
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

void sql(const fs::path& file, const std::string& text) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  const int code = sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr);
  INFO(text << ": " << sqlite3_errmsg(database));
  REQUIRE(code == SQLITE_OK);
  sqlite3_close(database);
}

// Mark 10 of term 1; entries 11 to 30, of term 2 from 21 on; term 3; applied 15; cells a, b, c.
void fill(const fs::path& folder) {
  NodeStore store(folder, kNode);
  Cells cells;
  for (const char* key : {"a", "b", "c"}) cells.put(key, std::string("of ") + key);
  NodeStore::Batch batch{.hard_state = raft::HardState{.term = 3, .vote = 2, .commit = 12}};
  for (raft::Index index = 1; index <= 30; ++index)
    batch.entries.push_back({.index = index, .term = index < 21 ? 1u : 2u, .data = "entry " + std::to_string(index)});
  batch.state = {.applied = 15, .hash = cells.hash(), .changes = cells.take_changes()};
  batch.compact = raft::Mark{.index = 10, .term = 1};
  store.write(batch);
}

std::string cannot_open(const fs::path& folder, const std::string& reason) {
  return (folder / "node.db").string() + ": cannot be used: unable to open database file: " + reason +
         " (SQLite error 14)";
}

// What `say` says in a process that is not root's, for which no folder is closed. `folder`, and what is in it, are its
// own.
std::string without_privileges(const fs::path& folder, const std::function<std::string()>& say) {
  constexpr uid_t kNobody = 65534;
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool ready = true;
    if (geteuid() == 0) {
      for (const auto& entry : fs::directory_iterator(folder))
        ready = ready && chown(entry.path().c_str(), kNobody, kNobody) == 0;
      ready = ready && chown(folder.c_str(), kNobody, kNobody) == 0 && setresuid(kNobody, kNobody, kNobody) == 0;
    }
    const std::string said = ready ? say() : "cannot give up what root may";
    const bool written = write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::string said(1000, '\0');
  const ssize_t length = read(ends[0], said.data(), said.size());
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(length >= 0);
  said.resize(static_cast<std::size_t>(length));
  return said;
}

}  // namespace

TEST_CASE("a database that is not this node's is one clear line", "[node_store]") {
  struct Case {
    std::string words;
    std::function<void(const fs::path& folder)> make;
    NodeIdentity identity = kNode;
  };
  const auto made = [](const fs::path& folder) { fill(folder); };
  const Case cases[] = {
      {"", made},
      {"belongs to node 1 of cluster \"plaza\", not to node 2 of cluster \"plaza\"", made, {"plaza", 2}},
      {"belongs to node 1 of cluster \"plaza\", not to node 1 of cluster \"other\"", made, {"other", 1}},
      {"not a database", [](const fs::path& folder) { std::ofstream(folder / "node.db") << std::string(3000, '-'); }},
      {"a database, but none of plaza's",
       [](const fs::path& folder) { sql(folder / "node.db", "CREATE TABLE recipe (name)"); }},
      {"a database, but none of plaza's",  // the one of a single node
       [](const fs::path& folder) {
         sql(folder / "node.db", "PRAGMA application_id = 1886157409; PRAGMA user_version = 1");
       }},
      {"written by a newer plaza: its schema is 3, this one knows 2",
       [](const fs::path& folder) {
         fill(folder);
         sql(folder / "node.db", "PRAGMA user_version = 3");
       }},
      {"written by an older plaza: its schema is 1, this one knows 2 only",
       [](const fs::path& folder) {
         fill(folder);
         sql(folder / "node.db", "PRAGMA user_version = 1");
       }},
      {"damaged: its schema is 0, which no plaza has written",
       [](const fs::path& folder) {
         fill(folder);
         sql(folder / "node.db", "PRAGMA user_version = 0");
       }},
      {"damaged: its tables are not those that plaza makes",
       [](const fs::path& folder) {
         fill(folder);
         sql(folder / "node.db", "ALTER TABLE log ADD COLUMN note TEXT");
       }},
      {"damaged: its tables are not those that plaza makes",
       [](const fs::path& folder) {
         fill(folder);
         sql(folder / "node.db", "CREATE TRIGGER helpful AFTER INSERT ON log BEGIN DELETE FROM log; END");
       }},
      {"damaged: a table is missing",
       [](const fs::path& folder) {
         fill(folder);
         sql(folder / "node.db", "DROP TABLE cell");
       }},
      {"cannot be used: unable to open database file: Is a directory (SQLite error 14)",
       [](const fs::path& folder) { fs::create_directory(folder / "node.db"); }},
  };
  for (const Case& c : cases) {
    INFO(c.words);
    const ::test::Folder folder;
    c.make(folder.path);
    const std::string said = complaint(folder.path, c.identity);
    CHECK(said == (c.words.empty() ? "" : (folder / "node.db").string() + ": " + c.words));
    CHECK(complaint(folder.path, c.identity) == said);  // nor has the refusal changed anything
  }
}

TEST_CASE("a store in use, in a folder that is not there, or is none", "[node_store]") {
  const ::test::Folder folder;
  const NodeStore first(folder.path, kNode);
  CHECK(complaint(folder.path) == (folder / "node.db").string() + ": in use by another process");
  std::ofstream(folder / "file") << "a file";
  CHECK(complaint(folder / "none") == cannot_open(folder / "none", "No such file or directory"));
  CHECK(complaint(folder / "file") == cannot_open(folder / "file", "Not a directory"));
}

TEST_CASE("a store in a folder that may not be written, or not entered", "[node_store]") {
  const auto mode = GENERATE(fs::perms::owner_read | fs::perms::owner_exec, fs::perms::none);
  const ::test::Folder folder;
  const fs::path data = folder / "data";
  fs::create_directory(data);
  fs::permissions(data, mode);
  CHECK(without_privileges(folder.path, [&] { return complaint(data); }) == cannot_open(data, "Permission denied"));
  fs::permissions(data, fs::perms::owner_all);
}

TEST_CASE("a record that does not match is named", "[node_store]") {
  struct Case {
    const char* change;
    const char* words;
  };
  const Case cases[] = {
      {"UPDATE identity SET cluster = 'plazb'", "its identity is damaged: it does not match its checksum"},
      {"UPDATE identity SET node = 4294967297", "its identity is damaged: it does not match its checksum"},
      {"DELETE FROM identity", "its identity is damaged: it is missing"},
      {"UPDATE start SET incarnation = 7", "the start counter is damaged: it does not match its checksum"},
      {"DELETE FROM start", "the start counter is damaged: it is missing"},
      {"UPDATE standing SET term = 4", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET vote = 3", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET known_commit = 13", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET mark_index = 9", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET mark_term = 2", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET last_index = 29", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET applied = 16", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET hash = hash + 1", "the node's standing is damaged: it does not match its checksum"},
      {"UPDATE standing SET sum = sum + 1", "the node's standing is damaged: it does not match its checksum"},
      {"DELETE FROM standing", "the node's standing is damaged: it is missing"},
      {"UPDATE log SET term = 2 WHERE idx = 20", "log entry 20 is damaged: it does not match its checksum"},
      {"UPDATE log SET kind = 0 WHERE idx = 11", "log entry 11 is damaged: it does not match its checksum"},
      {"UPDATE log SET kind = 257 WHERE idx = 11", "log entry 11 is damaged: it does not match its checksum"},
      {"UPDATE log SET data = x'00' WHERE idx = 30", "log entry 30 is damaged: it does not match its checksum"},
      {"UPDATE log SET data = x'' WHERE idx = 30", "log entry 30 is damaged: it does not match its checksum"},
      {"UPDATE log SET sum = 0 WHERE idx = 12", "log entry 12 is damaged: it does not match its checksum"},
      {"UPDATE log SET idx = 31 WHERE idx = 30", "log entry 31 is damaged: the log goes from 11 to 30"},
      {"UPDATE log SET idx = -1 WHERE idx = 11",
       "log entry 18446744073709551615 is damaged: the log goes from 11 to 30"},
      {"UPDATE log SET idx = 10 WHERE idx = 11", "log entry 10 is damaged: the log goes from 11 to 30"},
      {"DELETE FROM log WHERE idx = 11", "log entry 11 is damaged: it is missing, and the next is 12"},
      {"DELETE FROM log WHERE idx IN (17, 18)", "log entry 17 is damaged: it is missing, and the next is 19"},
      {"DELETE FROM log WHERE idx = 30", "log entry 30 is damaged: it is missing, and the log goes up to 30"},
      {"DELETE FROM log", "log entry 11 is damaged: it is missing, and the log goes up to 30"},
      {"UPDATE cell SET value = x'00' WHERE key = CAST('b' AS BLOB)",
       "the state is damaged: its cells do not match their hash"},
      {"UPDATE cell SET key = CAST('d' AS BLOB) WHERE key = CAST('b' AS BLOB)",
       "the state is damaged: its cells do not match their hash"},
      {"DELETE FROM cell WHERE key = CAST('c' AS BLOB)", "the state is damaged: its cells do not match their hash"},
      {"INSERT INTO cell VALUES (4, x'', x'')", "the state is damaged: its cells do not match their hash"},
      {"INSERT INTO cell SELECT 4, key, value FROM cell WHERE number = 2",
       "the state is damaged: two of its cells have one key"},
      {"UPDATE cell SET number = -1 WHERE number = 2",
       "the state is damaged: no cell has the number 18446744073709551615"},
      {"UPDATE cell SET number = 0 WHERE number = 2", "the state is damaged: no cell has the number 0"},
  };
  for (const Case& c : cases) {
    INFO(c.change);
    const ::test::Folder folder;
    fill(folder.path);
    sql(folder / "node.db", c.change);
    CHECK(complaint(folder.path) == (folder / "node.db").string() + ": " + c.words);
  }
}

TEST_CASE("records that match and contradict one another are named", "[node_store]") {
  const auto first = [](raft::Term term, raft::Term next_term) {
    return NodeStore::Batch{.entries = {{.index = 1, .term = term}, {.index = 2, .term = next_term}}};
  };
  struct Case {
    std::vector<NodeStore::Batch> batches;
    const char* words;
  };
  NodeStore::Batch unknown_kind = first(0, 0);
  unknown_kind.entries[1].kind = static_cast<raft::EntryKind>(2);
  NodeStore::Batch shorter{.entries = {{.index = 1, .term = 0}}};
  NodeStore::Batch applied = first(0, 0);
  applied.state = {.applied = 2, .hash = 0, .changes = {}};
  const Case cases[] = {
      {{first(1, 1)}, "the hard state is damaged: its term 0 is before the log's 1"},
      {{first(3, 2)}, "log entry 2 is damaged: its term 2 comes after term 3"},
      {{unknown_kind}, "log entry 2 is damaged: its kind 2 is none that is known"},
      {{applied, shorter}, "the applied index is damaged: it is 2, and the log goes from 1 to 1"},
      {{{.install = NodeStore::Install{.mark = {.index = 5, .term = 1}, .hash = 0, .cells = {}}}},
       "the hard state is damaged: its term 0 is before the log's 1"},
      {{{.install = NodeStore::Install{.mark = {.index = 5, .term = 0}, .hash = 1, .cells = {}}}},
       "the state is damaged: its cells do not match their hash"},
  };
  for (const Case& c : cases) {
    INFO(c.words);
    const ::test::Folder folder;
    {
      NodeStore store(folder.path, kNode);
      for (const NodeStore::Batch& batch : c.batches) store.write(batch);
    }
    CHECK(complaint(folder.path) == (folder / "node.db").string() + ": " + c.words);
  }
}
