// How plazad begins and ends.
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "tests/plaza/daemon/processes.hpp"

using namespace plaza::test;
using ::test::Ran;
using ::test::shell;

namespace {

std::string plazad() { return ::test::binary("plazad") + " "; }

}  // namespace

TEST_CASE("plazad cannot start: exit code 2 and one line", "[plaza][daemon]") {
  const Folder folder;
  const std::string data = folder.path.string();
  const std::string taken = "127.0.0.1:" + std::to_string(free_ports(1).front());
  Plazad(" --data " + data + " --listen 127.0.0.1:0", folder / "log").await("event=listening");  // and is killed
  const Folder held;
  const Plazad holder("--data " + held.path.string() + " --listen " + taken, folder / "held.log");
  holder.await("event=listening");

  struct Case {
    std::string flags;
    std::string line;
  };
  const std::string here = " --listen 127.0.0.1:0 --data " + data;
  const std::string db = (folder / "node.db").string();
  for (const Case& c : {
           Case{"--node 0", "--node: '0' is no node's number (1 or more)"},
           Case{"--data " + data + "/none", "the folder for the data, " + data + "/none, is not there: create it"},
           Case{here + " --cluster other",
                db + R"(: belongs to node 1 of cluster "plaza", not to node 1 of cluster "other")"},
           Case{here + " --node 2", db + R"(: belongs to node 1 of cluster "plaza", not to node 2 of cluster "plaza")"},
           Case{"--listen 127.0.0.1:0 --data " + held.path.string(),
                (held / "node.db").string() + ": in use by another process"},
           Case{"--data " + data + " --listen " + taken,
                "cannot listen on " + taken + " for clients: Address already in use"},
           Case{here + " --peer 2=127.0.0.1:1 --peer-listen " + taken,
                "cannot listen on " + taken + " for the other nodes: Address already in use"},
           Case{here + " --log /nowhere/log", "the log cannot be written to /nowhere/log: No such file or directory"},
           Case{"$'--cluster\\nx'",
                "there is no '--cluster x'. Did you mean '--cluster'? plazad --help shows all flags"},
       }) {
    const Ran ran = shell(plazad() + c.flags);
    CHECK(ran.exit_code == 2);
    CHECK(ran.err == "plazad: " + c.line + "\n");
  }
}

TEST_CASE("a log has the reason of a start that failed", "[plaza][daemon]") {
  const Folder folder;
  std::filesystem::create_directory(folder / "node.db");
  const std::string log = (folder / "log").string();
  const Ran ran = shell(plazad() + "--listen 127.0.0.1:0 --data " + folder.path.string() + " --log " + log);
  CHECK(ran.exit_code == 2);
  const std::string why = (folder / "node.db").string() +
                          ": cannot be used: unable to open database file: Is a directory (SQLite error 14)";
  CHECK(ran.err == "plazad: " + why + "\n");
  CHECK(contents(log).ends_with(" level=error node=1 event=cannot_start why=\"" + why + "\"\n"));
}

TEST_CASE("a node that begins with nothing says so, once", "[plaza][daemon]") {
  const Folder folder;
  const std::string flags = "--listen 127.0.0.1:0 --data " + folder.path.string();
  if (GENERATE(false, true)) std::ofstream(folder / "node.db").flush();  // an empty file is as little
  {
    const Plazad first(flags, folder / "log");
    first.await("event=recovered incarnation=1");
    CHECK(first.said().find("level=warn node=1 event=new_store data=" + folder.path.string()) != std::string::npos);
  }
  const Plazad second(flags, folder / "log");
  second.await("event=recovered incarnation=2");
  CHECK(second.said().find("event=new_store") == std::string::npos);
}

TEST_CASE("plazad says its version", "[plaza][daemon]") {
  const Ran ran = shell(plazad() + "--version");
  CHECK(ran.exit_code == 0);
  CHECK(ran.out.starts_with("plazad 0."));
}

TEST_CASE("a signal drains plazad, a second one ends it at once", "[plaza][daemon]") {
  const Folder folder;
  Plazad plazad("--listen 127.0.0.1:0 --event concert=5 --data " + folder.path.string(), folder / "log");
  const auto place = plazad.clients();
  plazad.await("event=role role=leader");

  SECTION("SIGTERM") {
    CHECK(plazad.end(SIGTERM) == 0);
    CHECK(plazad.said().find("event=draining signal=SIGTERM within=10s\n") != std::string::npos);
    CHECK(plazad.said().find("event=drained took=") != std::string::npos);
    CHECK(plazad.said().ends_with("event=end code=0\n"));
  }
  SECTION("SIGINT") { CHECK(plazad.end(SIGINT) == 0); }
  SECTION("twice, with a client that does not leave") {
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket client(io);
    client.connect(place);
    const std::string upgrade =
        "GET /v1?user=ann HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    boost::asio::write(client, boost::asio::buffer(upgrade));
    std::string answer(12, '\0');
    boost::asio::read(client, boost::asio::buffer(answer));
    REQUIRE(answer == "HTTP/1.1 101");
    plazad.send(SIGTERM);
    plazad.await("event=draining");
    CHECK(plazad.end(SIGTERM) == 1);
    CHECK(plazad.said().ends_with("event=end code=1\n"));
  }
}

TEST_CASE("a drain that may take no time takes none", "[plaza][daemon]") {
  const Folder folder;
  Plazad plazad("--listen 127.0.0.1:0 --drain-timeout 0s --data " + folder.path.string(), folder / "log");
  plazad.await("event=role role=leader");
  CHECK(plazad.end(SIGTERM) == 0);
}

TEST_CASE("plazad outlives the reader of its log", "[plaza][daemon]") {
  const Folder folder;
  // Whoever reads leaves after the first line; what a SIGTERM brings is written to nobody.
  const Ran ran = shell("mkfifo log; " + plazad() + "--listen 127.0.0.1:0 --data " + folder.path.string() +
                        " > log & plazad=$!; head -n 1 log; kill -TERM $plazad; wait $plazad; echo $?");
  CHECK(ran.out.find("event=start") != std::string::npos);
  CHECK(ran.out.ends_with("\n0\n"));
}

TEST_CASE("plazad has descriptors of its own where it was started without", "[plaza][daemon]") {
  const Folder folder;
  // Nothing that it opens may get the number of standard output, to which the log is written.
  const Ran ran =
      shell(plazad() + "--listen 127.0.0.1:0 --data " + folder.path.string() +
            " <&- >&- 2>&- & plazad=$!; sleep 0.5; ls -l /proc/$plazad/fd; kill -TERM $plazad; wait $plazad; echo $?");
  for (const char* fd : {"0", "1", "2"})
    CHECK(ran.out.find(std::string(" ") + fd + " -> /dev/null") != std::string::npos);
  CHECK(ran.out.ends_with("\n0\n"));
}
