#include "sim-core/faults/model.hpp"

#include <catch2/catch.hpp>

#include <stillpoint/error.hpp>

#include "sim-core/faults/plan_text.hpp"

using namespace stillpoint;
using namespace stillpoint::faults;

namespace {

const Topology kCluster{
    .hosts = {{"plaza-1", "plaza"}, {"plaza-2", "plaza"}, {"plaza-3", "plaza"}, {"users-1", "users"}},
    .labels = {"leader"}};

Model plaza_model() {
  Model model;
  model.hosts = {"plaza"};
  return model;
}

std::string complaint(const Model& model, const std::string& plan) {
  try {
    require_within(read_plan(plan, "p.toml"), model, kCluster, "p.toml");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string crash(const char* on, const char* at, const char* lasts) {
  std::string text = std::string("[[fault]]\nkind = 'crash'\non = ") + on + "\nat = '" + at + "'\n";
  if (*lasts != '\0') text += std::string("for = '") + lasts + "'\n";
  return text;
}

}  // namespace

TEST_CASE("a plan aims at what there is, within the model") {
  Model model = plaza_model();
  CHECK(complaint(model, crash("'plaza-1'", "1s", "1s")).empty());
  CHECK_THAT(complaint(model, crash("'plaza-9'", "1s", "1s")),
             Catch::StartsWith("p.toml:1: fault crash-1: 'plaza-9' is no host, role or label of the scenario. Did you "
                               "mean 'plaza-"));
  CHECK_THAT(complaint(model, crash("'any users'", "1s", "1s")),
             Catch::StartsWith("p.toml:1: fault crash-1: 'any users' may be host users-1, which is outside"));
  for (const char* nobody : {"''", "'any '", "'every '"})
    CHECK_THAT(complaint(model, crash(nobody, "1s", "1s")), Catch::Contains("is no host, role or label"));
  // Whom the scenario gives a label is taken to be within the model.
  CHECK(complaint(model, crash("'leader'", "1s", "1s")).empty());
  CHECK_THAT(complaint(model, crash("'every leader'", "1s", "1s")), Catch::Contains("3 hosts would be down"));
  const std::string link = "[[fault]]\nkind = 'loss'\nat = '0s'\nfrom = 'users-1'\nto = ";
  CHECK(complaint(model, link + "'plaza-1'\n").empty());
  CHECK_THAT(complaint(model, link + "'users-1'\n"), Catch::Contains("no end of its links"));
  model.allows[static_cast<std::size_t>(Kind::crash)] = false;
  CHECK_THAT(complaint(model, crash("'plaza-1'", "1s", "1s")),
             Catch::Contains("its kind, crash, is outside the scenario's fault model"));
  CHECK_THAT(complaint(model, "[scheduler]\npolicy = 'delay-host'\nhost = 'plaza'\n"),
             Catch::StartsWith("p.toml:1: [scheduler]: host is 'plaza', which no host is called"));
}

TEST_CASE("no more hosts are down at one time than the model allows") {
  Model model = plaza_model();
  const std::string one = crash("'plaza-1'", "1s", "1s");
  CHECK(complaint(model, one + crash("'plaza-2'", "2s", "1s")).empty());
  CHECK(complaint(model, one + crash("'plaza-1'", "1500ms", "1s")).empty());  // the same one twice is one
  CHECK_THAT(complaint(model, one + crash("'plaza-2'", "1999ms", "1s")),
             Catch::StartsWith("p.toml:6: fault crash-2: 2 hosts would be down at 2.0 s; the scenario's fault model "
                               "allows 1"));
  CHECK_THAT(complaint(model, crash("'plaza-1'", "1s", "") + crash("'plaza-2'", "9s", "1s")),
             Catch::Contains("2 hosts"));
  CHECK_THAT(complaint(model, crash("'every plaza'", "1s", "1s")), Catch::Contains("3 hosts would be down"));
  CHECK(complaint(model, crash("'any plaza'", "1s", "1s")).empty());
  CHECK_THAT(complaint(model, crash("['any plaza', 'plaza-1']", "1s", "1s")), Catch::Contains("2 hosts"));
  model.down_most = 2;
  CHECK(complaint(model, one + crash("'plaza-2'", "1s", "1s")).empty());
}

TEST_CASE("no more disks lose what they promised than the model allows") {
  Model model = plaza_model();
  const std::string rot = "[[fault]]\nkind = 'bit-rot'\nat = '1s'\non = ";
  CHECK_THAT(complaint(model, rot + "'plaza-1'\n"), Catch::Contains("1 disks would lose what they promised to keep"));
  model.lossy_most = 1;
  CHECK(complaint(model, rot + "'plaza-1'\n" + rot + "'plaza-1'\n").empty());
  CHECK_THAT(complaint(model, rot + "'plaza-1'\n" + rot + "'plaza-2'\n"),
             Catch::StartsWith("p.toml:5: fault bit-rot-2: 2 disks"));
}

TEST_CASE("a call that shall fail is given as CALL:N[:ERRNO]") {
  const Fault fault = failing_call("write:3:ENOSPC", "--fail");
  CHECK(fault.kind == Kind::fail_call);
  CHECK(fault.text("call") == "write");
  CHECK(fault.number("nth") == 3);
  CHECK(fault.text("error") == "ENOSPC");
  CHECK(failing_call("fsync:1", "--fail").text("error") == "EIO");
  const auto bad = GENERATE("write", "", ":3", "write:", "write:0", "write:-1", "write:x", "write:3:", "write:3:EOI",
                            "write:99999999999999999999");
  CHECK_THROWS_AS(failing_call(bad, "--fail"), Error);
}
