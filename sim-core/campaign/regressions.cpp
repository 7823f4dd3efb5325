#include "sim-core/campaign/regressions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>

#include <stillpoint/error.hpp>

#include "sim-core/base/nearest.hpp"

namespace stillpoint::campaign {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargest = 10'000'000;

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::vector<RegressionCase> read(const std::string& text) {
    toml::table table;
    try {
      table = toml::parse(text);
    } catch (const toml::parse_error& error) {
      reject(static_cast<int>(error.source().begin.line), error.description());
    }
    std::vector<RegressionCase> cases;
    for (const auto& [key, node] : table) {
      if (key != "case" || !node.is_array_of_tables())
        reject(line(node), "there are [[case]] tables here, and nothing else");
      for (const toml::node& each : *node.as_array()) cases.push_back(read_case(*each.as_table()));
    }
    return cases;
  }

 private:
  static int line(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

  [[noreturn]] void reject(int line, std::string_view what) const {
    throw Error(fmt::format("{}:{}: {}", file_, line, what));
  }

  std::string text(const toml::node& node, std::string_view key) const {
    if (!node.is_string()) reject(line(node), fmt::format("{} is a text in quotes", key));
    return **node.as_string();
  }

  RegressionCase read_case(const toml::table& table) const {
    RegressionCase one;
    one.line = line(table);
    bool has_seed = false;
    for (const auto& [name, node] : table) {
      const std::string key(name.str());
      if (key == "seed") {
        const std::string digits = text(node, key);
        const char* end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, one.seed);
        if (error != std::errc() || stop != end || digits.empty())
          reject(line(node), "seed is a whole number in quotes, \"0\" to \"18446744073709551615\"");
        has_seed = true;
      } else if (key == "bug") {
        one.bug = text(node, key);
      } else if (key == "expect") {
        one.expected = text(node, key);
      } else if (key == "why") {
        one.why = text(node, key);
      } else if (key == "set") {
        if (!node.is_array()) reject(line(node), "set is an array of \"key=value\"");
        for (const toml::node& each : *node.as_array()) one.overrides.push_back(text(each, "each of set"));
      } else {
        const std::vector<std::string> known = {"seed", "bug", "expect", "why", "set"};
        reject(line(node), fmt::format("a case has no '{}'.{}", key, did_you_mean(key, known)));
      }
    }
    if (!has_seed) reject(one.line, "a case has a seed");
    if (one.expected.empty()) reject(one.line, "a case says what to expect: \"pass\", or a signature");
    return one;
  }

  std::string file_;
};

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < ' ') {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

}  // namespace

fs::path regressions_path(const fs::path& scenario) { return fs::path(scenario).replace_extension(".seeds"); }

std::vector<RegressionCase> read_regressions(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  if (!fs::is_regular_file(path, error))
    throw Error(fmt::format("{} is no file of seeds, but a folder or the like", path.string()));
  if (fs::file_size(path, error) > kLargest)
    throw Error(fmt::format("{} is larger than a file of seeds may be ({} bytes)", path.string(), kLargest));
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) throw Error(fmt::format("cannot read {}", path.string()));
  return Reader(path.string()).read(text);
}

std::string to_text(const RegressionCase& one) {
  std::string text = fmt::format("[[case]]\nseed = \"{}\"\n", one.seed);
  if (!one.bug.empty()) text += fmt::format("bug = {}\n", toml_string(one.bug));
  if (!one.overrides.empty()) {
    std::vector<std::string> all;
    for (const std::string& each : one.overrides) all.push_back(toml_string(each));
    text += fmt::format("set = [{}]\n", fmt::join(all, ", "));
  }
  text += fmt::format("expect = {}\n", toml_string(one.expected));
  if (!one.why.empty()) text += fmt::format("why = {}\n", toml_string(one.why));
  return text;
}

}  // namespace stillpoint::campaign
