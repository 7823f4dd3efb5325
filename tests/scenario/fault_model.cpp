#include "sim-core/scenario/fault_model.hpp"

#include <catch2/catch.hpp>

#include <stillpoint/error.hpp>

using namespace stillpoint;
using namespace stillpoint::faults;
using namespace std::chrono_literals;

namespace {

Model model_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Settings settings("[faults]\n" + text, "mine.toml", overrides);
  Model model = scenario::read_fault_model(settings, 30s);
  settings.reject_unread();
  return model;
}

std::string complaint(const std::string& text) {
  try {
    model_of(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool allows(const Model& model, Kind kind) { return model.allows[static_cast<std::size_t>(kind)]; }

}  // namespace

TEST_CASE("where nothing is said, nothing goes wrong, and anything but broken promises of disks might") {
  const Model model = model_of("");
  CHECK(model.profile == "none");
  CHECK(model.down_most == 1);
  CHECK(model.lossy_most == 0);
  CHECK(model.window == 15s);
  CHECK_FALSE(model.healing.at);
  CHECK(allows(model, Kind::crash));
}

TEST_CASE("a fault model is read") {
  const Model model = model_of(R"(
    profile = "mine"
    kinds = ["network", "crash", "bit-rot"]
    except = ["flap"]
    hosts = ["plaza"]
    down_most = 2
    lossy_most = 1
    window = "3s"
    heal_at = "6s"
    heal_except = "minority"
    fail = "write:3:EIO,fsync:1"
    count.crash = 4
    [faults.profiles.mine]
    chance = "50%"
    most = 2
  )");
  CHECK(model.profile == "mine");
  CHECK(allows(model, Kind::partition));
  CHECK(allows(model, Kind::crash));
  CHECK_FALSE(allows(model, Kind::flap));
  CHECK_FALSE(allows(model, Kind::kill));
  CHECK(model.hosts == std::vector<std::string>{"plaza"});
  CHECK(model.down_most == 2);
  CHECK(model.lossy_most == 1);
  CHECK(model.window == 3s);
  CHECK(model.healing == Healing{.at = 6s, .except = Healing::Except::minority});
  CHECK(model.failing_calls == std::vector<std::string>{"write:3:EIO", "fsync:1"});
  CHECK(model.counts.at(Kind::crash) == 4);
  CHECK(model.profiles.at("mine").chance == Ratio::percent(50));
  CHECK(model.profiles.at("mine").most == 2);
}

TEST_CASE("what the command line says of faults holds") {
  CHECK(model_of("profile = \"light\"\n", {"faults.profile=heavy"}).profile == "heavy");
  CHECK(model_of("", {"faults.plan=p.toml"}).plan_file == "p.toml");
  CHECK(model_of("", {"faults.count.crash=5"}).counts.at(Kind::crash) == 5);
}

TEST_CASE("what is wrong with a fault model is said with its line") {
  struct Row {
    const char* text;
    const char* says;
  };
  const auto row = GENERATE(values<Row>({
      {"profile = \"hevy\"",
       "mine.toml:2: faults.profile is 'hevy'; it is one of default, heavy, light, none. Did you mean 'heavy'?"},
      {"kinds = [\"crush\"]",
       "mine.toml:2: faults.kinds has 'crush', which is no kind of fault, and no group of kinds. Did you mean "
       "'crash'?"},
      {"except = [\"disk\"]",
       "mine.toml:2: faults.except has 'disk', which is no kind of fault, and no group of kinds. Did you mean "
       "'disks'?"},
      {"count.crush = 3", "mine.toml:2: faults.count.crush is no kind of fault. Did you mean 'crash'?"},
      {"count.crash = -3", "mine.toml:2: faults.count.crash is -3; a count is 0 to 1,000"},
      {"fail = \"write:x\"", "mine.toml:2: faults.fail has write:x: 'x' is no number of a call"},
      {"window = \"1\"", "mine.toml:2: faults.window is '1'; a duration is a number with a unit"},
      {"heal_at = \"-1s\"", "mine.toml:2: faults.heal_at is -1s; it may be 0s to 8760h"},
      {"heal_except = \"all\"",
       "mine.toml:2: faults.heal_except is 'all'; who stays as they are is nobody or minority"},
      {"chance = \"5%\"", "mine.toml:2: no setting is called 'faults.chance'."},
  }));
  CAPTURE(row.text);
  CHECK_THAT(complaint(row.text), Catch::StartsWith(row.says));
}
