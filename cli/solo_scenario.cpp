#include "cli/solo_scenario.hpp"

#include <fmt/format.h>

#include <stillpoint/error.hpp>
#include <stillpoint/settings.hpp>

#include "sim-core/base/utf8.hpp"
#include "sim-core/check/verdict.hpp"

namespace stillpoint::cli {
namespace {

constexpr const char* kHost = "solo";

// A basic string of TOML.
std::string toml_text(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = character_length(rest);
    if (length == 0) throw Error(fmt::format("'{}' is no UTF-8: a program's path, arguments and files must be", text));
    rest.remove_prefix(length);
  }
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace

std::string solo_text(const SoloProgram& program) {
  const auto texts = [](const std::vector<std::string>& all) {
    std::string list;
    for (const std::string& text : all) list += (list.empty() ? "" : ", ") + toml_text(text);
    return list;
  };
  return fmt::format(
      "name = \"solo\"\nabout = \"one program, alone\"\nbehaviour = \"programs\"\nduration = \"24h\"\n\n[hosts.{}]\n"
      "program = {}\nargs = [{}]\nfiles = [{}]\nmust_end = true\nany_status = true\n",
      kHost, toml_text(program.path), texts(program.args), texts(program.files));
}

SoloProgram solo_program(const std::string& text) {
  const Settings settings(text, std::string(kSoloPath), {});
  const std::string table = fmt::format("hosts.{}.", kHost);
  return {settings.required_text(table + "program"), settings.texts(table + "args"), settings.texts(table + "files")};
}

std::optional<int> solo_status(const Report& report) {
  for (const Measure& measure : report.measures) {
    if (measure.name == fmt::format("status of {}", kHost)) return static_cast<int>(measure.value);
  }
  return std::nullopt;
}

int solo_exit_code(const Report& report, Verdict verdict) {
  if (verdict == Verdict::nondeterminism) return exit_code(verdict);
  return solo_status(report).value_or(exit_code(verdict));
}

}  // namespace stillpoint::cli
