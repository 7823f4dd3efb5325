#include "sim-core/supervise/post_mortem.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "sim-core/supervise/symbols.hpp"

namespace stillpoint::supervise {
namespace {

constexpr std::size_t kFramesOfPlace = 3;

std::string text_of(const char* field, std::size_t size) { return {field, strnlen(field, size)}; }

// What runs below every service and above it: it says nothing of where the service went wrong.
bool is_scaffolding(const Frame& frame) {
  constexpr std::string_view kScaffolding[] = {"boost::asio::", "std::", "stillpoint::"};
  return frame.of_system || frame.function.empty() ||
         std::any_of(std::begin(kScaffolding), std::end(kScaffolding),
                     [&](auto prefix) { return frame.function.starts_with(prefix); });
}

// The frames of the service's own code; if there are none, all but the system's.
std::vector<Frame> own_frames(const DeathNote& note) {
  std::vector<Frame> all = frames_of(note);
  // A call that was refused passes through the shim of its own name.
  const auto refused = std::find_if(all.begin(), all.end(), [](const Frame& frame) {
    return frame.function.starts_with("stillpoint::interpose::unsupported");
  });
  if (refused != all.end()) all.erase(all.begin(), std::min(refused + 2, all.end()));
  // What called the service is the same for every service.
  const auto step = std::find_if(
      all.begin(), all.end(), [](const Frame& frame) { return frame.function.starts_with("stillpoint::process::"); });
  all.erase(step, all.end());
  std::vector<Frame> own = all;
  std::erase_if(own, is_scaffolding);
  if (!own.empty()) return own;
  std::erase_if(all, [](const Frame& frame) { return frame.of_system; });
  return all;
}

// "server: Session::close < Session::on_timer"
std::string place_of(const std::string& role, const std::vector<std::string>& functions) {
  std::string place = role;
  for (std::size_t i = 0; i < std::min(functions.size(), kFramesOfPlace); ++i) {
    if (i > 0) {
      place += " < ";
    } else if (!place.empty()) {
      place += ": ";
    }
    place += functions[i];
  }
  return place;
}

std::vector<std::string> functions_of(const std::vector<Frame>& frames) {
  std::vector<std::string> names;
  for (const Frame& frame : frames) {
    if (!frame.function.empty()) names.push_back(frame.function);
  }
  return names;
}

struct SanitizerReport {
  std::string what;  // "AddressSanitizer: heap-use-after-free"
  std::vector<std::string> functions;
};

// Whether the last word of a sanitizer's frame says where the function is, rather than being a part of its name.
bool is_place(std::string_view word) {
  const bool of_a_file = word.find_last_not_of("0123456789:") + 1 != word.size() && word.find(':') != word.npos;
  return word.starts_with('/') || word.starts_with("(/") || (of_a_file && !word.ends_with(')'));
}

// From the text that a sanitizer writes: "==7==ERROR: AddressSanitizer: heap-use-after-free on address …" or
// "server.cpp:7:3: runtime error: signed integer overflow: …", then "    #0 0x5581 in f(int) server.cpp:7".
SanitizerReport read_sanitizer(const std::string& output) {
  SanitizerReport report;
  const auto line_from = [&](std::size_t at) { return output.substr(at, output.find('\n', at) - at); };
  std::size_t at = output.find("ERROR: ");
  if (at != output.npos) {
    const std::string line = line_from(at + 7);
    report.what = line.substr(0, line.find(' ', line.find(": ") + 2));
  } else if ((at = output.find("runtime error: ")) != output.npos) {
    const std::string line = line_from(at + 15);
    report.what = "UndefinedBehaviorSanitizer: " + line.substr(0, line.find(':'));
  } else {
    report.what = "a sanitizer's report";
    return report;
  }
  // The first stack: frames that follow each other.
  for (at = output.find("    #0 ", at); at != output.npos && output.compare(at, 5, "    #") == 0;) {
    const std::string line = line_from(at);
    if (const std::size_t in = line.find(" in "); in != line.npos) {
      std::string name = line.substr(in + 4);
      // "f(int) /path/file.cpp:7:1", "f(int) ../file.cpp:7" (a build with prefix maps) or "f(int) (/path/binary+0x12)".
      if (const std::size_t path = name.rfind(' '); path != name.npos && is_place(name.substr(path + 1))) name.resize(path);
      const bool of_sanitizer = name.starts_with("__interceptor") || name.starts_with("__asan") ||
                                name.starts_with("operator new") || name.starts_with("operator delete") ||
                                line.find("libasan") != line.npos;
      if (!of_sanitizer) report.functions.push_back(short_function_name(name));
    }
    at = output.find('\n', at);
    if (at != output.npos) ++at;
  }
  return report;
}

Report stopped_by_supervisor(const Death& death, const std::string& role, const std::vector<std::string>& functions) {
  const char* const subject = subject_of(death.note);
  Report report;
  report.verdict = Verdict::runaway;
  report.by_backstop = true;
  report.place = role;
  switch (death.stopped) {
    case Stopped::memory:
      report.what = "memory";
      report.reason = fmt::format("{} uses more memory than it may (limits.memory_mib)", subject);
      break;
    case Stopped::output:
      report.what = "output";
      report.reason = fmt::format("{} writes more output than it may (limits.output_mib)", subject);
      break;
    default:
      report.verdict = Verdict::deadlock;
      report.what = "waits for the real world";
      report.reason = fmt::format(
          "{} waits for something that no event will bring (a lock?): it used no CPU time for some seconds of real "
          "time",
          subject);
      report.place = place_of(role, functions);
  }
  return report;
}

Report died_of_signal(const Death& death, const std::string& role, const std::vector<std::string>& functions) {
  const int number = WTERMSIG(death.status);
  Report report;
  if (number == SIGXCPU) {
    report.verdict = Verdict::runaway;
    report.by_backstop = true;
    report.reason = "real CPU time is used up (backstop, limits.cpu): a loop that never waits?";
    report.what = "CPU time";
    report.place = role;
    return report;
  }
  const char* name = sigabbrev_np(number);
  report.verdict = Verdict::crash;
  report.what =
      fmt::format("SIG{}{}", name == nullptr ? "?" : name, death.note.stack_overflow ? " (stack overflow)" : "");
  report.reason = fmt::format("{} died of {}", subject_of(death.note), report.what);
  report.place = place_of(role, functions);
  return report;
}

}  // namespace

std::string readable_frames(const DeathNote& note) {
  std::string text;
  std::size_t count = 0;
  for (const Frame& frame : own_frames(note)) {
    if (count++ == kFramesOfPlace) break;
    text += text.empty() ? "in " : ", called by ";
    text += frame.function.empty() ? frame.module : frame.function;
    if (!frame.source.empty()) text += fmt::format(" ({})", frame.source);
  }
  return text;
}

void add_frames(Report& report, const DeathNote& note) {
  const std::string frames = readable_frames(note);
  if (frames.empty()) return;
  report.detail += (report.detail.empty() ? "" : ", ") + frames;
  if (report.verdict == Verdict::unsupported) report.place = place_of(report.place, functions_of(own_frames(note)));
}

Report post_mortem(const Death& death) {
  const DeathNote& note = death.note;
  const std::string host = text_of(note.host, sizeof note.host);
  const std::string role = text_of(note.role, sizeof note.role);
  const std::string on_host = host.empty() ? "" : fmt::format("on host {}", host);
  const auto detail = [&] {
    const std::string frames = readable_frames(note);
    return on_host + (on_host.empty() || frames.empty() ? "" : ", ") + frames;
  };
  const std::vector<std::string> functions = functions_of(own_frames(note));

  Report report;
  if (death.stopped != Stopped::no) {
    report = stopped_by_supervisor(death, role, functions);
    report.detail = detail();
  } else if (WIFEXITED(death.status) && WEXITSTATUS(death.status) == kSanitizerExit &&
             (death.output.find("Sanitizer") != std::string::npos ||
              death.output.find("runtime error: ") != std::string::npos)) {
    const SanitizerReport found = read_sanitizer(death.output);
    report.verdict = Verdict::crash;
    report.reason = fmt::format("a sanitizer stopped {}: {}", subject_of(note), found.what);
    report.what = found.what;
    report.place = place_of("", found.functions);
    report.detail = on_host;
  } else if (WIFSIGNALED(death.status)) {
    report = died_of_signal(death, role, functions);
    report.detail = detail();
  } else {
    report.verdict = Verdict::crash;
    report.reason =
        fmt::format("{} ended its process with exit status {}", subject_of(note), WEXITSTATUS(death.status));
    report.what = fmt::format("exit status {}", WEXITSTATUS(death.status));
    report.place = place_of(role, functions);
    report.detail = detail();
  }
  return report;
}

}  // namespace stillpoint::supervise
