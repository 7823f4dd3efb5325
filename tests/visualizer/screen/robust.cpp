// Whatever the trace, the window and the person: it is drawn, and it does not crash.
#include "sim-core/record/database.hpp"
#include "tests/visualizer/screen/shown.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

// The story, altered by SQL.
class AlteredStory {
 public:
  explicit AlteredStory(const char* sql) {
    record_story(path());
    Database(path(), Database::Access::write, {path().string()}).run(sql);
  }
  std::filesystem::path path() const { return folder_ / "altered.db"; }

 private:
  Folder folder_;
};

std::size_t pixels_of(const view::Picture& picture, view::Pixel colour) {
  return static_cast<std::size_t>(std::count(picture.pixels.begin(), picture.pixels.end(), colour));
}

// Whatever a person may do, in an order that is the same each time.
void play(Shown& shown, unsigned steps) {
  std::uint64_t state = 7;
  const auto random = [&state](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  for (unsigned i = 0; i < steps; ++i) {
    const auto& items = shown.desk.items().all();
    switch (random(4)) {
      case 0:
      case 1:
        shown.desk.press(static_cast<view::Key>(random(static_cast<std::uint64_t>(view::Key::del) + 1)),
                         {.ctrl = false, .shift = random(3) == 0, .alt = random(5) == 0});
        break;
      case 2:
        if (!items.empty()) shown.desk.click(items[random(items.size())].second.centre());
        break;
      default:
        if (!items.empty())
          shown.desk.scroll(items[random(items.size())].second.centre(), random(2) == 0 ? 5.0F : -2.0F);
    }
  }
  CHECK_FALSE(shown.desk.picture().pixels.empty());
}

}  // namespace

TEST_CASE("every size of window is drawn") {
  for (const view::Size size :
       {view::Size{1, 1}, {40, 30}, {320, 240}, {320, 2000}, {2000, 200}, {640, 480}, {2560, 1440}}) {
    INFO(size.width << " x " << size.height);
    ShownStory shown(size);
    shown.desk.press(view::Key::question_mark);
    shown.desk.press(view::Key::escape);
    shown.desk.press(view::Key::g);
    shown.desk.press(view::Key::escape);
    shown.desk.press(view::Key::tab);
    shown.desk.press(view::Key::n);
    CHECK(shown.at() == shown.story.violation + 1);
    CHECK(shown.desk.picture().size == size);
  }
}

TEST_CASE("a window that changes its size is drawn anew") {
  ShownStory shown;
  shown.desk.resize({320, 240});
  CHECK(shown.shows("lane plaza-1"));
  shown.desk.resize({1600, 1000});
  CHECK(shown.shows("lane users-2"));
}

TEST_CASE("an empty trace is shown as one, and every key does nothing") {
  const Folder folder;
  record_nothing(folder / "empty.db");
  Shown shown(folder / "empty.db");
  CHECK(shown.at() == 0);
  CHECK(shown.shows("tab Events"));
  play(shown, 300);
  CHECK(shown.at() == 0);
}

TEST_CASE("an event that contradicts its trace is marked, in words and in amber") {
  const AlteredStory altered("UPDATE event SET cause = 999999, cause_kind = 1 WHERE id = 12");
  Shown shown(altered.path());
  CHECK_FALSE(shown.shows("mark"));
  shown.desk.press(view::Key::a);
  constexpr view::Pixel kAmber = view::rgb(0xf2, 0xb0, 0x4a);
  CHECK(pixels_of(shown.desk.picture(), kAmber) > 10);  // in its lane, however far the cursor is
  shown.put_cursor(12);
  CHECK(shown.shows("mark"));
  CHECK(pixels_of(ShownStory().desk.picture(), kAmber) == 0);
}

TEST_CASE("a trace with rows of every kind of nonsense can be looked at") {
  const AlteredStory altered(
      "UPDATE event SET at_ns = -5 WHERE id = 20; UPDATE event SET at_ns = 9223372036854775807 WHERE id = 22;"
      "UPDATE event SET at_ns = -9223372036854775808 WHERE id = 23; UPDATE event SET kind = 77 WHERE id = 24;"
      "UPDATE event SET host = 999 WHERE id = 25; UPDATE event SET cause = id + 5 WHERE id = 26;"
      "UPDATE witness SET event = 999999 WHERE role = 'first purchase';"
      "UPDATE host SET name = CAST(x'ff00fe' AS TEXT), role = '' WHERE id = 2;"
      "UPDATE violation SET promised = '', found = CAST(x'c328' AS TEXT)");
  Shown shown(altered.path());
  play(shown, 600);
}

TEST_CASE("whatever a person does, it is drawn") {
  for (const view::Size size : {Shown::kSize, view::Size{320, 240}}) {
    ShownStory shown(size);
    play(shown, 800);
  }
}

TEST_CASE("more hosts than fit scroll, and the cursor's lane is brought into sight") {
  const Folder folder;
  MemoryStream stream;
  for (HostId host = 1; host <= 40; ++host) {
    const std::string identity = "host-" + std::to_string(host) + std::string("\0role\0", 6) + "10.0.0.1";
    stream.writer.host(host, identity);
  }
  for (HostId host = 1; host <= 40; ++host) {
    stream.writer.event(EventKind::boot, from_ns(host * 1000), {.host = host, .boot = 1}, 0, 0);
  }
  Recorder recorder(folder / "many.db", kRun);
  recorder.ingest(stream.records());
  recorder.finish({.verdict = "pass", .exit_code = 0, .hash = 0, .log_hash = 0, .virtual_time = 1ms, .cpu_time = 0ns});
  Shown shown(folder / "many.db");
  CHECK(shown.shows("lane host-1"));
  CHECK_FALSE(shown.shows("lane host-40"));
  shown.desk.press(view::Key::end);
  CHECK(shown.shows("lane host-40"));
  CHECK_FALSE(shown.shows("lane host-1"));
}
