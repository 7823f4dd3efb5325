// Whole runs against a node that answers as plaza does, or nearly so.
#include "system-under-test/plaza/load/crowd.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "tests/plaza/client/fake_node.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/shell.hpp"

using namespace plaza;
using namespace plaza::load;
using plaza::test::FakeNode;
namespace asio = boost::asio;

namespace {

enum class Flaw { none, forgets, refuses_some, drops_some, refuses_all, looks_behind, pushes_behind };

// A node with a memory, in a thread of its own.
class Office {
 public:
  explicit Office(Flaw flaw)
      : flaw_(flaw),
        node_(io_, [this](FakeNode::Session& session, const Request& asked) { answer(session, asked); }),
        thread_([this] { io_.run(); }) {}
  ~Office() {
    io_.stop();
    thread_.join();
  }

  Options options() const {
    Options options;
    options.nodes = "127.0.0.1:" + std::to_string(node_.endpoint().port());
    options.users = 5;
    options.seconds = 1;
    options.think_ms = 10;
    options.patience_ms = 2000;
    return options;
  }

 private:
  void answer(FakeNode::Session& session, const Request& asked) {
    ++asked_;
    if (asked.op == Operation::watch) {
      session.answer(asked, version_);
      if (asked.topic == "user") return;
      session.push("concert", version_ + 10);
      if (flaw_ == Flaw::pushes_behind) session.push("concert", version_);
      return;
    }
    if (flaw_ == Flaw::refuses_all) {
      return session.send(encode(Response{.id = asked.id, .version = version_, .error = Error::unknown_event}));
    }
    if (asked.op == Operation::look) return session.answer(asked, flaw_ == Flaw::looks_behind ? 0 : version_);
    const auto key = std::pair(session.target, asked.id);  // which has the user's name
    const auto known = answers_.find(key);
    if (known != answers_.end() && flaw_ != Flaw::forgets) return session.send(known->second);
    Response response{.id = asked.id, .version = ++version_};
    if (flaw_ == Flaw::refuses_some && asked_ % 3 == 0) response.error = Error::sold_out;
    if (asked.op == Operation::hold && response.ok()) response.hold = asked.id;
    answers_[key] = encode(response);
    if (flaw_ == Flaw::drops_some && asked_ % 20 == 0) return session.drop();
    session.send(answers_[key]);
  }

  const Flaw flaw_;
  asio::io_context io_;
  FakeNode node_;
  std::map<std::pair<std::string, std::string>, std::string> answers_;
  std::uint64_t version_ = 1;
  std::uint64_t asked_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a run finds out whether the cluster keeps what it has said", "[plaza][load]") {
  const auto [flaw, good] = GENERATE(table<Flaw, bool>({{Flaw::none, true},
                                                        {Flaw::refuses_some, true},
                                                        {Flaw::drops_some, true},
                                                        {Flaw::forgets, false},
                                                        {Flaw::looks_behind, false},
                                                        {Flaw::pushes_behind, false}}));
  INFO("flaw " << static_cast<int>(flaw));
  const Office office(flaw);
  const Options options = office.options();
  const Result result = make_load(options);
  const KindTally total = result.tally.total();
  CHECK(result.is_good() == good);
  CHECK(total.done > 10);
  CHECK(total.unknown == 0);
  CHECK(result.verdict.acknowledged > 10);
  CHECK(result.tally.pushes >= options.users);
  CHECK(result.tally.connections == options.users);
  CHECK((total.refused > 0) == (flaw == Flaw::refuses_some));
  CHECK((result.verdict.contradicted > 0) == (flaw == Flaw::forgets));
  CHECK((result.tally.reconnects > 0) == (flaw == Flaw::drops_some));
  CHECK((result.tally.stale_looks > 0) == (flaw == Flaw::looks_behind));
  CHECK((result.tally.regressions > 0) == (flaw == Flaw::pushes_behind));
}

TEST_CASE("a run of which nothing was acknowledged is not well", "[plaza][load]") {
  const auto [flaw, exit_code] = GENERATE(table<Flaw, int>({{Flaw::none, 0}, {Flaw::refuses_all, 1}}));
  const Office office(flaw);
  const ::test::Ran ran = ::test::shell(::test::binary("plaza-load") + " --users 3 --seconds 1 --think 50ms --nodes " +
                                        office.options().nodes);
  INFO(ran.out << ran.err);
  CHECK(ran.exit_code == exit_code);
  const bool told =
      ran.err.find("plaza-load: none of ") != std::string::npos && ran.err.ends_with(" refused, 0 unknown, 0 unsent\n");
  CHECK(told == (exit_code == 1));
}

TEST_CASE("a ledger that is torn is held against the cluster without its last line, which is told", "[plaza][load]") {
  const ::test::Folder folder;
  const Office office(Flaw::none);
  Options options = office.options();
  options.ledger = (folder / "ledger").string();
  make_load(options);
  const std::string verify = ::test::binary("plaza-load") + " --nodes " + options.nodes + " --verify " + options.ledger;
  const std::string torn = "its last line is cut off";
  CHECK(::test::shell(verify).out.find(torn) == std::string::npos);
  std::filesystem::resize_file(options.ledger, std::filesystem::file_size(options.ledger) - 10);
  const ::test::Ran ran = ::test::shell(verify);
  CHECK(ran.exit_code == 0);
  CHECK(ran.out.find(torn) != std::string::npos);
}

TEST_CASE("a ledger of one run can be held against the cluster later", "[plaza][load]") {
  const ::test::Folder folder;
  const bool forgets = GENERATE(false, true);
  std::string ledger;
  Options options;
  {
    const Office office(Flaw::none);
    options = office.options();
    options.ledger = (folder / "ledger").string();
    const Result result = make_load(options);
    CHECK(read_ledger(options.ledger).entries.size() == result.tally.total().all());
    CHECK(result.verdict.acknowledged > 10);
    if (!forgets) {
      options.verify = options.ledger;
      const Verdict verdict = verify_ledger(options);
      CHECK(verdict.line() == result.verdict.line());
      CHECK(verdict.is_good());
    }
  }
  if (forgets) {
    const Office another(Flaw::none);
    options.verify = options.ledger;
    options.nodes = another.options().nodes;
    const Verdict verdict = verify_ledger(options);
    CHECK_FALSE(verdict.is_good());
    CHECK(verdict.contradicted > 0);
    CHECK(verdict.examples.size() == 5);
  }
}

TEST_CASE("what is too old is not asked for again: it might be done anew", "[plaza][load]") {
  const ::test::Folder folder;
  const Office office(Flaw::none);
  Options options = office.options();
  options.verify = (folder / "ledger").string();
  LedgerFile file(options.verify);
  Entry entry;
  entry.at_ms = 1767225600123;
  entry.user = "load-0000";
  entry.outcome = Outcome::done;
  entry.request = {.id = "r-1", .op = Operation::hold, .event = "concert", .count = 1};
  entry.answer = Response{.id = "r-1", .version = 1};
  file.write(entry);
  file.flush();
  const Verdict verdict = verify_ledger(options);
  CHECK(verdict.too_old == 1);
  CHECK(verdict.acknowledged == 0);
}
