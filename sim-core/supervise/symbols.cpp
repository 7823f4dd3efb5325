#include "sim-core/supervise/symbols.hpp"

#include <elfutils/libdwfl.h>
#include <fmt/format.h>

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

namespace stillpoint::supervise {
namespace {

// The files that the addresses are in, opened once each.
class Symbols {
 public:
  Symbols() : session_(dwfl_begin(&kCallbacks)) {}
  ~Symbols() { dwfl_end(session_); }
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  // `place` is the address in the file.
  void look_up(const std::string& path, std::uint64_t place, Frame& frame) {
    const Opened& file = open(path);
    if (file.module == nullptr) return;
    const Dwarf_Addr address = file.base + place;
    const char* name = dwfl_module_addrname(file.module, address);
    if (name != nullptr) {
      // A function of C is not to be taken for the code of a type: "f" is that of float.
      const bool mangled = std::string_view(name).starts_with("_Z");
      char* readable = mangled ? abi::__cxa_demangle(name, nullptr, nullptr, nullptr) : nullptr;
      frame.function = short_function_name(readable != nullptr ? readable : name);
      std::free(readable);
    }
    if (Dwfl_Line* line = dwfl_module_getsrc(file.module, address); line != nullptr) {
      int number = 0;
      const char* source = dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
      if (source != nullptr) {
        const std::string_view text = source;
        frame.source = fmt::format("{}:{}", text.substr(text.rfind('/') + 1), number);
        // The shims stand for libc's functions.
        if (text.find("/sim-core/interpose/") != text.npos) frame.of_system = true;
      }
    }
  }

 private:
  struct Opened {
    Dwfl_Module* module = nullptr;
    Dwarf_Addr base = 0;  // where libdwfl lays it
  };

  const Opened& open(const std::string& path) {
    const auto [place, fresh] = opened_.try_emplace(path);
    if (fresh && session_ != nullptr) {
      dwfl_report_begin_add(session_);
      place->second.module = dwfl_report_offline(session_, "", path.empty() ? "/proc/self/exe" : path.c_str(), -1);
      dwfl_report_end(session_, nullptr, nullptr);
      GElf_Addr bias = 0;
      if (place->second.module != nullptr && dwfl_module_getelf(place->second.module, &bias) != nullptr)
        place->second.base = bias;
    }
    return place->second;
  }

  static char no_debug_files[];
  static char* debug_path;
  static const Dwfl_Callbacks kCallbacks;
  Dwfl* session_;
  std::map<std::string, Opened> opened_;
};

// No search for separate files of debug information, least of all over the network: what the file itself has.
char Symbols::no_debug_files[] = "";
char* Symbols::debug_path = Symbols::no_debug_files;
const Dwfl_Callbacks Symbols::kCallbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = [](Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                         char**) -> int { return -1; },
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &Symbols::debug_path};

bool is_system_file(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::string_view kSystem[] = {"libc.so",     "libstdc++.so", "libgcc_s.so", "ld-linux", "libm.so",
                                          "libpthread.", "linux-vdso",   "libasan.so",  "libubsan"};
  return std::any_of(std::begin(kSystem), std::end(kSystem), [&](auto prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::string short_function_name(std::string name) {
  const auto replace_all = [&](std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = name.find(from, at)) != name.npos; at += to.size())
      name.replace(at, from.size(), to);
  };
  replace_all("(anonymous namespace)::", "");
  // The brackets of these are part of a name.
  constexpr std::pair<std::string_view, std::string_view> kOperators[] = {
      {"operator()", "operator\1"}, {"operator->", "operator\2"},  {"operator<=>", "operator\3"},
      {"operator<<", "operator\4"}, {"operator>>", "operator\5"},  {"operator<=", "operator\6"},
      {"operator>=", "operator\7"}, {"operator<", "operator\x0e"}, {"operator>", "operator\x0f"}};
  for (const auto& [written, token] : kOperators) replace_all(written, token);
  std::string result;
  int depth = 0;
  for (const char c : name) {
    if (c == '<' || c == '(' || c == '[') ++depth;
    if (depth == 0) result += c;
    if ((c == '>' || c == ')' || c == ']') && depth > 0) --depth;
  }
  while (result.ends_with(" ") || result.ends_with(" const") || result.ends_with("&")) {
    result.erase(result.ends_with(" const") ? result.size() - 6 : result.size() - 1);
  }
  result = result.substr(result.rfind(' ') + 1);  // a template's return type
  name = std::move(result);
  for (const auto& [written, token] : kOperators) replace_all(token, written);
  // A lambda's number changes with every edit before it.
  for (std::size_t at = 0; (at = name.find("{lambda#", at)) != name.npos; at += 8) {
    const std::size_t end = name.find('}', at);
    if (end != name.npos) name.erase(at + 7, end - at - 7);
  }
  replace_all("{lambda}::operator()", "{lambda}");
  return name;
}

std::vector<Frame> frames_of(const DeathNote& note) {
  // Kept open: a campaign may ask for thousands of deaths.
  static Symbols symbols;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::vector<Frame> frames;
  const std::size_t count = std::min<std::size_t>(note.frame_count, DeathNote::kMostFrames);
  const std::size_t modules = std::min<std::size_t>(note.module_count, DeathNote::kMostModules);
  // The signal's handler comes first: what matters begins where it struck.
  const auto* struck = std::find(note.frames, note.frames + count, note.fault);
  const std::size_t first = struck == note.frames + count ? 0 : static_cast<std::size_t>(struck - note.frames);
  for (std::size_t i = first; i < count; ++i) {
    const std::uint64_t address = note.frames[i];
    const auto* end = note.modules + modules;
    const auto* module =
        std::find_if(note.modules, end, [&](const auto& m) { return m.begin <= address && address < m.end; });
    if (module == end) continue;
    const std::string path(module->path, strnlen(module->path, sizeof module->path));
    const std::uint64_t place = address - module->bias;
    Frame frame;
    frame.of_system = is_system_file(path);
    frame.module = fmt::format("{}+{:#x}", path.empty() ? "executable" : path.substr(path.rfind('/') + 1), place);
    // A return address is just after its call, which may be another function's first instruction.
    symbols.look_up(path, address == note.fault ? place : place - 1, frame);
    frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace stillpoint::supervise
