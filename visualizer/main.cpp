// stillpoint-view: shows a trace in a window, or draws it into a PNG file. docs/cli.md tells users.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include <stillpoint/error.hpp>

#include "stillpoint_version.hpp"
#include "visualizer/backend/headless.hpp"
#include "visualizer/backend/png.hpp"
#include "visualizer/backend/window.hpp"
#include "visualizer/model/view.hpp"
#include "visualizer/screen/screen.hpp"

namespace stillpoint::view {
namespace {

constexpr int kBadInput = 2;
constexpr int kBug = 70;
constexpr Size kSmallest{320, 240};
constexpr Size kLargest{8192, 8192};

struct Wanted {
  std::string trace;
  std::string render;  // empty: a window
  std::string at;      // empty: where the view opens by itself
  Size size = Headless::kDefaultSize;
};

// "1600x1000". Throws Error for anything else.
Size parse_size(std::string_view text) {
  const auto number = [](std::string_view digits) {
    int value = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = failure == std::errc{} && end == digits.data() + digits.size();
    return whole ? value : 0;
  };
  const std::size_t cross = std::min(text.find('x'), text.size());
  const Size size{number(text.substr(0, cross)), number(text.substr(std::min(cross + 1, text.size())))};
  if (size.width < kSmallest.width || size.height < kSmallest.height || size.width > kLargest.width ||
      size.height > kLargest.height) {
    throw Error(fmt::format("--size {}: a size is WIDTHxHEIGHT, {}x{} to {}x{}", text, kSmallest.width,
                            kSmallest.height, kLargest.width, kLargest.height));
  }
  return size;
}

// nullopt: help or the version was asked for, and printed.
std::optional<Wanted> parse(int argc, char** argv) {
  Wanted wanted;
  std::string size;
  CLI::App app("Shows a trace that `stillpoint run --trace` recorded: who did what when, and because of what.",
               "stillpoint-view");
  app.add_option("TRACE", wanted.trace, "The trace")->required();
  app.add_option("--render", wanted.render, "Draw into this PNG file instead of a window; it is overwritten")
      ->type_name("FILE");
  app.add_option("--at", wanted.at, "Go to this event (7021), or to this virtual time (89.9ms)")->type_name("EVENT");
  app.add_option("--size", size, "Of the window or the picture, in pixels; 1600x1000 if not given")->type_name("WxH");
  app.set_version_flag("--version", fmt::format("stillpoint-view {} ({})", STILLPOINT_VERSION, STILLPOINT_REVISION));
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return std::nullopt;
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw Error(fmt::format("{} (stillpoint-view --help shows what there is)", error.what()));
  }
  for (const char* name : {"--render", "--at", "--size"}) {
    const CLI::Option* option = app.get_option(name);
    if (option->count() > 0 && option->as<std::string>().empty())
      throw Error(fmt::format("{} '': it needs a value", name));
  }
  if (!size.empty()) wanted.size = parse_size(size);
  std::error_code error;
  if (!wanted.render.empty() && std::filesystem::equivalent(wanted.render, wanted.trace, error))
    throw Error(
        fmt::format("--render {}: that is the trace itself; choose another file for the picture", wanted.render));
  return wanted;
}

void render(Screen& screen, const Wanted& wanted) {
  Headless headless([&] { screen.draw(); }, wanted.size);
  headless.frames(2);  // what is measured in one frame is placed in the next
  headless.settle();
  write_png(wanted.render, headless.picture());
}

void show(const Wanted& wanted) {
  View view{Trace(wanted.trace)};
  if (!wanted.at.empty()) {
    if (const auto why_not = view.go_to_text(wanted.at)) throw Error(fmt::format("--at {}: {}", wanted.at, *why_not));
  }
  Screen screen(view);
  if (!wanted.render.empty()) return render(screen, wanted);
  run_window(fmt::format("{} - Stillpoint", wanted.trace), [&] { screen.draw(); }, {.size = wanted.size});
}

int complain(std::string line, int code) {
  std::replace(line.begin(), line.end(), '\n', ' ');  // what a user typed is quoted in it
  fmt::print(stderr, "stillpoint-view: {}\n", line);
  return code;
}

}  // namespace
}  // namespace stillpoint::view

int main(int argc, char** argv) {
  using namespace stillpoint::view;
  signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error of the write, not the end of us
  try {
    if (const auto wanted = parse(argc, argv)) show(*wanted);
    if (std::fflush(stdout) != 0) return complain("cannot write to standard output", kBadInput);
    return 0;
  } catch (const stillpoint::Error& error) {
    return complain(error.what(), kBadInput);
  } catch (const std::exception& error) {
    return complain(fmt::format("{}; this is a bug in Stillpoint", error.what()), kBug);
  }
}
