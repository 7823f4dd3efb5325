#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
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

TEST_CASE("each kind of value says what it wants") {
  struct Row {
    const char* text;
    std::function<void(const Settings&)> read;
    const char* error;
  };
  const auto count = [](const Settings& settings) { settings.count("a", {2, 2'000}, 5); };
  const auto duration = [](const Settings& settings) { settings.duration("a", {1ms, 2s}, 1s); };
  const auto ratio = [](const Settings& settings) { settings.ratio("a", {}); };
  const auto text = [](const Settings& settings) { settings.text("a", ""); };
  const auto flag = [](const Settings& settings) { settings.flag("a", true); };
  const auto row = GENERATE_COPY(values<Row>(
      {{"a = 1", count, "is 1; a count is 2 to 2,000"},
       {"a = 2001", count, "is 2001; a count is 2 to 2,000"},
       {"a = 2.5", count, "is 2.5; a count is 2 to 2,000"},
       {"a = \"7\"", count, "is '7'; a count is 2 to 2,000"},
       {"a = true", count, "is true; a count is 2 to 2,000"},
       {"a = [1]", count, "is an array; a count is 2 to 2,000"},
       {"a.b = 1", count, "is a table; a count is 2 to 2,000"},
       {"a = 2026-01-01", count, "is a date; a count is 2 to 2,000"},
       {"a = \"5\"", duration, "is '5'; a duration is a number with a unit: 250us, 5ms, 1.5s, 10m, 2h"},
       {"a = \"5 ms\"", duration, "is '5 ms'; a duration is a number with a unit: 250us, 5ms, 1.5s, 10m, 2h"},
       {"a = 5", duration, "is 5; a duration is a number with a unit: 250us, 5ms, 1.5s, 10m, 2h"},
       {"a = \"999us\"", duration, "is 999us; it may be 1ms to 2s"},
       {"a = \"3s\"", duration, "is 3s; it may be 1ms to 2s"},
       {"a = \"-5ms\"", duration, "is -5ms; it may be 1ms to 2s"},
       {"a = \"1.0000005s\"", duration, "is 1.0000005s; durations are whole microseconds"},
       {"a = \"5\"", ratio, "is '5'; a ratio is 0% to 100%, as in \"2.5%\""},
       {"a = \"-1%\"", ratio, "is '-1%'; a ratio is 0% to 100%, as in \"2.5%\""},
       {"a = \"%\"", ratio, "is '%'; a ratio is 0% to 100%, as in \"2.5%\""},
       {"a = 0.5", ratio, "is 0.5; a ratio is 0% to 100%, as in \"2.5%\""},
       {"a = 5", text, "is 5; a text in quotes is wanted"},
       {"a = \"true\"", flag, "is 'true'; true or false is wanted"}}));
  INFO(row.text);
  const std::string error = error_of([&] { row.read(make("# a comment\n\n" + std::string(row.text) + "\n")); });
  CHECK(error == "mine.toml:3: a " + std::string(row.error));
}

TEST_CASE("the ends of a range are allowed") {
  const Settings settings =
      make("n = 2\nm = 2000\nd = \"1ms\"\ne = \"2s\"\nr = \"0%\"\ns = \"100%\"\nt = \"0.0001%\"\n");
  CHECK(settings.count("n", {2, 2'000}, 5) == 2);
  CHECK(settings.count("m", {2, 2'000}, 5) == 2'000);
  CHECK(settings.duration("d", {1ms, 2s}, 1s) == 1ms);
  CHECK(settings.duration("e", {1ms, 2s}, 1s) == 2s);
  CHECK(settings.ratio("r", Ratio::percent(5)).ppm == 0);
  CHECK(settings.ratio("s", {}).ppm == 1'000'000);
  CHECK(settings.ratio("t", {}).ppm == 1);
}

TEST_CASE("what is no TOML is told with its line") {
  const auto text =
      GENERATE(values<const char*>({"a = 1\nb =\n", "a = 1\na b = 2\n", "a = 1\na = 2\n", "a = 1\nb = \"x\n"}));
  INFO(text);
  CHECK_THAT(error_of([&] { make(text); }), Catch::StartsWith("mine.toml:2: "));
}

TEST_CASE("overrides that cannot be are told as they were written") {
  CHECK(error_of([] { make("", {"novalue"}); }) == "--set novalue: give it as key=value, for example users.count=50");
  CHECK_THAT(error_of([] { make("", {"=5"}); }), Catch::StartsWith("--set =5: give it as key=value"));
  CHECK_THAT(error_of([] { make("", {"a..b=5"}); }), Catch::Contains("is no dotted key"));
  CHECK_THAT(error_of([] { make("", {"a.=5"}); }), Catch::Contains("is no dotted key"));
  CHECK(error_of([] { make("a = 1\n", {"a.b=5"}); }) == "--set: 'a' is a value, not a table");
  // The last of several holds, and is the one to blame.
  CHECK(error_of([] {
          make("", {"n=1", "n=x"}).count("n", {}, 0);
        }) == "--set n=x: n is 'x'; a count is 0 to 1,000,000");
  CHECK(error_of([] {
          const Settings settings = make("", {"users.cuont=5"});
          settings.count("users.count", {}, 1);
          settings.reject_unread();
        }) == "--set users.cuont=5: no setting is called 'users.cuont'. Did you mean 'users.count'?");
  CHECK(error_of([] { make("", {"zebra=5"}).reject_unread(); }) == "--set zebra=5: no setting is called 'zebra'.");
}

TEST_CASE("keys and values nested too deep are refused, and nothing else is") {
  std::string key = "a";
  for (int i = 0; i < 100; ++i) key += ".a";
  std::string quoted = "\"a\"";
  for (int i = 0; i < 100; ++i) quoted += ".\"a\"";
  CHECK(error_of([&] { make("b = 1\n" + key + " = 1\n"); }) == "mine.toml:2: nested deeper than 64 levels");
  CHECK(error_of([&] { make("b = 1\n" + quoted + " = 1\n"); }) == "mine.toml:2: nested deeper than 64 levels");
  CHECK(error_of([&] { make("b = " + std::string(100, '[')); }) == "mine.toml:1: nested deeper than 64 levels");
  CHECK(error_of([&] { make("", {key + "=1"}); }) == "--set: a key has at most 64 parts");
  CHECK_THAT(error_of([&] { make("", {"b=" + std::string(100, '[')}); }), Catch::Contains("nested deeper"));

  const std::string dots(100, '.');
  std::string numbers = "1.5";
  for (int i = 0; i < 100; ++i) numbers += ", 1.5";
  const std::string text = "# " + dots + std::string(100, '[') + "\na = \"" + dots + "\\\"" + dots + "\"\nb = '" +
                           dots + "'\nc = [" + numbers + "]\n";
  CHECK(make(text).text("a", "") == dots + '"' + dots);
}

TEST_CASE("a reader can reject what only it sees, and tables can be listed") {
  const Settings settings = make("[t]\nb = 1\na = 2\n[t.c]\nd = 3\n");
  CHECK(error_of([&] { settings.reject("t.a", "is even"); }) == "mine.toml:3: t.a is even");
  CHECK(error_of([&] { settings.reject("t.x", "is missing"); }) == "mine.toml: t.x is missing");
  CHECK(settings.keys_of("t") == std::vector<std::string>{"a", "b", "c"});
  CHECK(settings.keys_of("u").empty());
  CHECK(settings.keys_of("t.a").empty());
}

TEST_CASE("settings can be moved") {
  Settings settings = make("a = 1\n");
  Settings moved = std::move(settings);
  CHECK(moved.count("a", {}, 0) == 1);
  moved = make("a = 2\n");
  CHECK(moved.count("a", {}, 0) == 2);
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

TEST_CASE("what a scenario file lacks, or has too much of, is told") {
  const std::string text = "name = \"mine\"\nbehaviour = \"probe\"\n";
  const auto load = [](const std::string& from, const std::vector<std::string>& overrides, const std::string& bug) {
    return error_of([&] { scenario::load(from, "mine.toml", overrides, bug); });
  };
  CHECK(load(text, {}, "") == "no error");
  CHECK(load("behaviour = \"probe\"\n", {}, "") == "mine.toml: the key 'name' is missing");
  CHECK(load("name = \"mine\"\n", {}, "") == "mine.toml: the key 'behaviour' is missing");
  CHECK(load(text + "surprise = 1\n", {}, "") == "mine.toml:3: no setting is called 'surprise'.");
  CHECK(load(text + "[users]\ncuont = 1\n", {}, "") ==
        "mine.toml:4: no setting is called 'users.cuont'. Did you mean 'users.count'?");
  CHECK(load(text, {"users.hosts=2"}, "") == "--set users.hosts=2: no setting is called 'users.hosts'.");
  CHECK(load(text + "duration = \"0s\"\n", {}, "") == "mine.toml:3: duration is 0s; it may be 1us to 8760h");
  CHECK(load("name = \"mine\"\nbehaviour = \"unheard of\"\n", {}, "") ==
        "mine.toml:2: behaviour is 'unheard of', which this executable does not have.");
  CHECK_THAT(load(text, {}, "leek"), Catch::StartsWith("no bug 'leek' in mine. Did you mean 'leak'?"));
  CHECK_THAT(load(text, {}, "something else"), Catch::StartsWith("no bug 'something else' in mine."));
  CHECK_THAT(load(text + "[options]\nusers = 5\n", {}, ""), Catch::StartsWith("mine.toml:4: options.users is 5;"));
}

TEST_CASE("what is not said holds its usual value") {
  const auto loaded = scenario::load("name = \"mine\"\nbehaviour = \"probe\"\n", "mine.toml", {}, "");
  CHECK(loaded.duration == 60s);
  CHECK(loaded.about.empty());
  CHECK(loaded.users == 0);
  CHECK(loaded.behaviour->name == "probe");
  CHECK(loaded.scenario != nullptr);
}

TEST_CASE("short options are those of the file, and must name a key") {
  CHECK(scenario::short_options("name = \"x\"\n", "mine.toml").empty());
  const auto options = scenario::short_options("[options]\na = \"t.a\"\nb = \"t.b\"\n", "mine.toml");
  CHECK(options == std::map<std::string, std::string>{{"a", "t.a"}, {"b", "t.b"}});
  CHECK_THAT(error_of([] { scenario::short_options("[options]\na = 5\n", "mine.toml"); }),
             Catch::StartsWith("mine.toml:2: options.a is 5;"));
  CHECK_THAT(error_of([] { scenario::short_options("[options\n", "mine.toml"); }), Catch::StartsWith("mine.toml:1: "));
  for (const std::string name : {"Users", "a_b", "seed"}) {
    CHECK_THAT(error_of([&] { scenario::short_options("[options]\n" + name + " = \"t.a\"\n", "mine.toml"); }),
               Catch::StartsWith("mine.toml: [options] cannot have '" + name + "'"));
  }
}

TEST_CASE("texts are found by the name of their key, in whatever table") {
  const Settings settings = make(
      "program = \"a\"\n[hosts.b]\nprogram = \"b\"\nprogram_args = \"x\"\n[hosts.c]\nprogram = 3\n"
      "[deep.er.still]\nprogram = \"d\"\n",
      {"hosts.b.program=e"});
  auto texts = settings.texts_called("program");
  std::ranges::sort(texts);
  CHECK(texts == std::vector<std::string>{"a", "d", "e"});
  CHECK(settings.texts_called("nothing").empty());
}
