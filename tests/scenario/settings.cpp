#include <catch2/catch.hpp>
#include <stillpoint/error.hpp>
#include <stillpoint/scenario.hpp>

#include "sim-core/scenario/scenario_file.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;

namespace {

Settings make(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return Settings(text, "mine.toml", overrides);
}

// The line that a user would see.
template <typename Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

struct Probe final : Scenario {
  void configure(const Settings& settings, const std::string&) override { settings.count("users.count", {1, 10}, 5); }
  void build(Simulation&) override {}
};

const RegisterBehaviour kProbe{
    {.name = "probe", .bugs = {{"leak", "leaks"}}, .make = [] { return std::make_unique<Probe>(); }}};

}  // namespace

TEST_CASE("values, and what holds where nothing is said") {
  const Settings settings = make("[a]\nn = 7\nd = \"1.5ms\"\nr = \"2.5%\"\nt = \"x\"\nf = true\n");
  CHECK(settings.count("a.n", {}, 1) == 7);
  CHECK(settings.count("a.m", {}, 1) == 1);
  CHECK(settings.duration("a.d", {}, 1s) == 1500us);
  CHECK(settings.duration("a.e", {}, 1s) == 1s);
  CHECK(settings.ratio("a.r", {}).ppm == 25'000);
  CHECK(settings.text("a.t", "y") == "x");
  CHECK(settings.flag("a.f", false));
  settings.reject_unread();
}

TEST_CASE("overrides win, are typed as TOML has them, and bare words are texts") {
  const Settings settings = make("[a]\nn = 7\n", {"a.n=8", "a.d=5ms", "b.c.t=a b", "a.f=false"});
  CHECK(settings.count("a.n", {}, 1) == 8);
  CHECK(settings.duration("a.d", {}, 1s) == 5ms);
  CHECK(settings.text("b.c.t", "") == "a b");
  CHECK_FALSE(settings.flag("a.f", true));
  settings.reject_unread();
}

TEST_CASE("errors name the file and line, or the override") {
  CHECK(error_of([] {
          make("[a]\nn = -5\n").count("a.n", {1, 1'000'000}, 1);
        }) == "mine.toml:2: a.n is -5; a count is 1 to 1,000,000");
  CHECK(error_of([] { make("", {"a.n=-5"}).count("a.n", {1, 9}, 1); }) == "--set a.n=-5: a.n is -5; a count is 1 to 9");
  CHECK(error_of([] { make("a = 5\n").duration("a", {}, 1s); }) ==
        "mine.toml:1: a is 5; a duration is a number with a unit: 250us, 5ms, 1.5s, 10m, 2h");
  CHECK(error_of([] { make("a = \"2s\"\n").duration("a", {.most = 1s}, 1s); }) ==
        "mine.toml:1: a is 2s; it may be 0s to 1s");
  CHECK(error_of([] { make("a = \"15ns\"\n").duration("a", {}, 1s); }) ==
        "mine.toml:1: a is 15ns; durations are whole microseconds");
  CHECK(error_of([] { make("a = \"101%\"\n").ratio("a", {}); }) ==
        "mine.toml:1: a is '101%'; a ratio is 0% to 100%, as in \"2.5%\"");
  CHECK(error_of([] { make("a = 1\n").flag("a", true); }) == "mine.toml:1: a is 1; true or false is wanted");
  CHECK(error_of([] { make("a = 1\n").text("a", ""); }) == "mine.toml:1: a is 1; a text in quotes is wanted");
  CHECK(error_of([] { make("").required_text("a"); }) == "mine.toml: the key 'a' is missing");
  CHECK_THAT(error_of([] { make("a = [\n"); }), Catch::StartsWith("mine.toml:"));
  CHECK_THAT(error_of([] { make("", {"novalue"}); }), Catch::Contains("key=value"));
}

TEST_CASE("a key that nobody read is an error, with the nearest that somebody did") {
  CHECK(error_of([] {
          const Settings settings = make("[users]\ncuont = 5\n");
          settings.count("users.count", {}, 1);
          settings.reject_unread();
        }) == "mine.toml:2: no setting is called 'users.cuont'. Did you mean 'users.count'?");
}

TEST_CASE("a scenario file is loaded with its behaviour, its overrides and a bug") {
  const std::string text =
      "name = \"mine\"\nbehaviour = \"probe\"\nduration = \"3s\"\n[options]\nusers = \"users.count\"\n[users]\ncount = "
      "4\n";
  const scenario::LoadedScenario loaded = scenario::load(text, "mine.toml", {"users.count=6"}, "leak");
  CHECK(loaded.name == "mine");
  CHECK(loaded.duration == 3s);
  CHECK(loaded.users == 6);
  CHECK(scenario::short_options(text, "mine.toml").at("users") == "users.count");

  CHECK_THAT(error_of([&] { scenario::load(text, "mine.toml", {}, "laek"); }), Catch::Contains("Did you mean 'leak'?"));
  CHECK_THAT(error_of([&] { scenario::load(text, "mine.toml", {"behaviour=prob"}, ""); }),
             Catch::Contains("Did you mean 'probe'?"));
  CHECK_THAT(error_of([&] { scenario::load(text, "mine.toml", {"users.count=11"}, ""); }),
             Catch::Contains("a count is 1 to 10"));
}
