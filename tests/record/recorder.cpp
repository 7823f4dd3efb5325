#include "sim-core/record/recorder.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <unistd.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <stillpoint/error.hpp>

#include "tests/record/synthetic.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

// What a recorder says when it is asked for this.
std::string refusal(const std::filesystem::path& path, const RecorderOptions& options = {}) {
  try {
    Recorder(path, kRun, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no refusal";
}

void write_slices(TraceWriter& writer, int count) {
  for (int i = 1; i <= count; ++i)
    writer.event(EventKind::slice, at(1us * i), {.host = 1, .boot = 1}, static_cast<std::uint64_t>(i));
}

// Runs `body` in a child; it must not return. Waits until it stops itself, and kills it.
template <typename Body>
void kill_when_stopped(Body body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    body();
    raise(SIGSTOP);
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, &status, 0) == child);
}

}  // namespace

TEST_CASE("what is recorded can be read", "[record]") {
  const Folder folder;
  record_sale(folder / "t");
  CHECK(folder.files() == 1);
  const TraceFile trace(folder / "t");
  CHECK(trace.metadata().events == kSaleEvents);
  CHECK(rows(trace, "PRAGMA integrity_check", 1) == std::vector<std::string>{"ok"});
}

TEST_CASE("it does not matter in which pieces records arrive", "[record]") {
  const Folder folder;
  MemoryStream stream;
  write_sale(stream.writer);
  {
    Recorder recorder(folder / "pieces", kRun, {.commit_every = 3});
    std::span<const std::byte> records = stream.records();
    while (!records.empty()) {
      RecordHeader header;
      std::memcpy(&header, records.data(), sizeof header);
      recorder.ingest(records.first(header.size));
      records = records.subspan(header.size);
    }
    recorder.finish(kOutcome);
  }
  record_sale(folder / "whole");
  const TraceFile pieces(folder / "pieces");
  const TraceFile whole(folder / "whole");
  for (const auto& [table, columns] :
       {std::pair{"event", 11}, {"operation", 7}, {"edge", 3}, {"witness", 3}, {"connection", 6}}) {
    const std::string sql = std::string("SELECT * FROM ") + table;
    CHECK(rows(pieces, sql, columns) == rows(whole, sql, columns));
  }
}

TEST_CASE("an existing file is refused, unless it is to be overwritten", "[record]") {
  const Folder folder;
  const auto path = folder / "t";
  write_file(path, "precious");
  write_file(folder / "t-journal", "of the old file");
  CHECK(refusal(path) ==
        "cannot record to " + path.string() + ": the file exists; choose another path, or overwrite it with --force");
  CHECK(contents(path) == "precious");
  CHECK(refusal(path, {.overwrite = true}) == "no refusal");
  CHECK(TraceFile(path).metadata().run.scenario == "ticket-rush");
  CHECK(folder.files() == 1);
}

TEST_CASE("the old file stays when the new one cannot be made", "[record]") {
  const Folder folder;
  const auto path = folder / "t";
  write_file(path, "precious");
  std::filesystem::create_directories(folder / ("t." + std::to_string(getpid()) + ".new") / "in the way");
  CHECK(refusal(path, {.overwrite = true}).find("cannot open the trace " + path.string() + ": ") == 0);
  CHECK(contents(path) == "precious");
}

TEST_CASE("a new trace touches nothing else, and refuses to be joined to an old journal", "[record]") {
  const Folder folder;
  write_file(folder / "t.new", "mine");
  CHECK(refusal(folder / "t") == "no refusal");
  CHECK(contents(folder / "t.new") == "mine");
  write_file(folder / "u-journal", "of a trace that was there");
  CHECK(refusal(folder / "u").find("is in the way") != std::string::npos);
  CHECK(contents(folder / "u-journal") == "of a trace that was there");
  CHECK(refusal(folder / "u", {.overwrite = true}) == "no refusal");
}

TEST_CASE("a symbolic link stands for what it leads to", "[record]") {
  const Folder folder;
  write_file(folder / "target", "precious");
  std::filesystem::create_symlink("target", folder / "link");
  CHECK(refusal(folder / "link").find("the file exists") != std::string::npos);
  CHECK(refusal(folder / "link", {.overwrite = true}) == "no refusal");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(TraceFile(folder / "target").metadata().run.scenario == "ticket-rush");
}

TEST_CASE("impossible paths are refused", "[record]") {
  const Folder folder;
  CHECK(refusal(folder / "no" / "t").find("there is no directory " + (folder / "no").string()) != std::string::npos);
  CHECK(refusal(folder / "", {.overwrite = true}).find("it is not a regular file") != std::string::npos);
  CHECK(refusal("/dev/null", {.overwrite = true}).find("it is not a regular file") != std::string::npos);
  CHECK(refusal("/proc/t").find("cannot open the trace /proc/t: ") == 0);
  CHECK(folder.files() == 0);
}

TEST_CASE("a path is a path, even if SQLite would take it for a URI", "[record]") {
  const Folder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder / "");
  Recorder(":memory:", kRun);
  Recorder("file:t?mode=memory", kRun);
  std::filesystem::current_path(before);
  CHECK(folder.files() == 2);
}

TEST_CASE("without finish the trace is incomplete, but all there", "[record]") {
  const Folder folder;
  MemoryStream stream;
  write_sale(stream.writer);
  {
    Recorder recorder(folder / "t", kRun);
    recorder.ingest(stream.records());
    CHECK(recorder.events() == kSaleEvents);
  }
  CHECK(folder.files() == 1);
  const TraceFile trace(folder / "t");
  CHECK_FALSE(trace.metadata().outcome.has_value());
  CHECK(trace.metadata().events == kSaleEvents);
}

TEST_CASE("a killed recorder leaves what it has committed", "[record]") {
  const Folder folder;
  MemoryStream stream(64 << 20);
  write_slices(stream.writer, 250'000);
  kill_when_stopped([&] {
    auto* recorder = new Recorder(folder / "t", kRun, {.commit_every = 100'000, .commit_bytes = 1 << 30});
    recorder->ingest(stream.records());
  });
  REQUIRE(std::filesystem::file_size(folder / "t-journal") > 0);  // it was killed in the midst of a transaction
  const TraceFile trace(folder / "t");
  CHECK_FALSE(trace.metadata().outcome.has_value());
  CHECK(trace.metadata().events >= 200'000);
  CHECK(trace.metadata().events < 250'000);
  CHECK(rows(trace, "PRAGMA integrity_check", 1) == std::vector<std::string>{"ok"});
  CHECK(trace.event(200'000)->detail == "200000");
}

TEST_CASE("a killed recorder's journal is not played back into the next trace", "[record]") {
  const Folder folder;
  MemoryStream stream(64 << 20);
  write_slices(stream.writer, 250'000);
  kill_when_stopped([&] {
    auto* recorder = new Recorder(folder / "t", kRun, {.commit_every = 100'000, .commit_bytes = 1 << 30});
    recorder->ingest(stream.records());
  });
  REQUIRE(std::filesystem::file_size(folder / "t-journal") > 0);
  MemoryStream sale;
  write_sale(sale.writer);
  Recorder recorder(folder / "t", kRun, {.overwrite = true});
  recorder.ingest(sale.records());
  recorder.finish(kOutcome);
  const TraceFile trace(folder / "t");
  CHECK(trace.metadata().events == kSaleEvents);
  CHECK(rows(trace, "PRAGMA integrity_check", 1) == std::vector<std::string>{"ok"});
}

TEST_CASE("a trace that is being recorded cannot be read yet", "[record]") {
  const Folder folder;
  Recorder recorder(folder / "t", kRun);
  CHECK_THROWS_WITH(TraceFile(folder / "t"), Catch::Contains("perhaps a recording that still runs"));
}

TEST_CASE("a full disk is an error, and what was committed stays", "[record]") {
  // The limit of a file's size stands in for the disk's: SQLite reports both when a write fails.
  const Folder folder;
  MemoryStream stream(64 << 20);
  write_slices(stream.writer, 300'000);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    Recorder recorder(folder / "t", kRun, {.commit_every = 20'000});
    const rlimit limit{.rlim_cur = 2 << 20, .rlim_max = 2 << 20};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(1);
    try {
      recorder.ingest(stream.records());
    } catch (const Error& error) {
      _exit(std::strstr(error.what(), (folder / "t").c_str()) != nullptr ? 0 : 2);
    }
    _exit(3);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  const TraceFile trace(folder / "t");
  CHECK(trace.metadata().events >= 20'000);
  CHECK(trace.metadata().events < 300'000);
}

TEST_CASE("a damaged stream is told, and the trace ends before it", "[record]") {
  const Folder folder;
  MemoryStream stream;
  write_slices(stream.writer, 10);
  std::memset(stream.memory().data() + 4 * sizeof(RecordHeader), 0xee, 16);
  Recorder recorder(folder / "t", kRun);
  CHECK_THROWS_WITH(recorder.ingest(stream.records()), Catch::Contains("damaged after event 4"));
  recorder.finish(kOutcome);
  CHECK(TraceFile(folder / "t").metadata().events == 4);
}

TEST_CASE("an operation is completed once, and completions of nothing are only events", "[record]") {
  const Folder folder;
  MemoryStream stream;
  const EventId invoke = stream.writer.event(EventKind::invoke, at(0s), {}, 0, 0, 0, {}, "alice\0look\0"sv);
  stream.writer.event(EventKind::info, at(1s), {}, invoke, 0, 0, {}, "time-out"sv);
  stream.writer.event(EventKind::ok, at(2s), {}, invoke, 0, 0, {}, "late"sv);
  stream.writer.event(EventKind::ok, at(2s), {}, 99, 0, 0, {}, "of nothing"sv);
  Recorder recorder(folder / "t", kRun);
  recorder.ingest(stream.records());
  recorder.finish(kOutcome);
  const TraceFile trace(folder / "t");
  CHECK(trace.metadata().events == 4);
  CHECK(rows(trace, "SELECT user, outcome, answer, completion FROM operation", 4) ==
        std::vector<std::string>{"alice|info|time-out|2"});
}

TEST_CASE("payloads are kept byte for byte", "[record]") {
  const Folder folder;
  std::string bytes(TraceWriter::kLongestPayload, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  MemoryStream stream;
  stream.writer.event(EventKind::send, at(0s), {}, 0, 4, bytes.size(), {}, std::string_view(bytes));
  Recorder recorder(folder / "t", kRun);
  recorder.ingest(stream.records());
  recorder.finish(kOutcome);
  const TraceFile trace(folder / "t");
  CHECK(rows(trace, "SELECT bytes FROM payload", 1) == std::vector<std::string>{bytes});
}
