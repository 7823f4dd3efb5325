// docs/faults.md tells of every kind of fault, under the heading of its group, and of each magnitude with what is
// usual.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cctype>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "sim-core/faults/kinds.hpp"
#include "sim-core/faults/plan_text.hpp"

using namespace stillpoint::faults;

namespace {

struct Section {
  std::string group;  // of the heading above: "network"
  std::string text;
};

// What stands under the headings "### latency" and "### read-error, write-error": by kind.
std::map<std::string, Section> sections() {
  std::ifstream document("docs/faults.md");
  REQUIRE(document.is_open());
  std::map<std::string, Section> sections;
  std::vector<std::string> headed;
  std::string group;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("### ")) {
      headed.clear();
      std::istringstream names(line.substr(4));
      for (std::string name; std::getline(names >> std::ws, name, ',');) {
        headed.push_back(name);
        CHECK(sections.emplace(name, Section{group, ""}).second);
      }
    } else if (line.starts_with("#")) {
      headed.clear();
      group = line.substr(line.find(' ') + 1);
      group.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(group.front())));
    }
    for (const std::string& name : headed) sections[name].text += line + "\n";
  }
  return sections;
}

std::string usual(const Magnitude& magnitude) {
  switch (magnitude.unit) {
    case Unit::word:
      return words_of(magnitude).front();
    case Unit::text:
      return magnitude.words.empty() ? "(empty|wanted)" : std::string(magnitude.words);
    case Unit::error:
      return std::string(magnitude.words);
    default:
      return shown({.number = magnitude.usual}, magnitude);
  }
}

}  // namespace

TEST_CASE("docs/faults.md tells of every kind, and of each magnitude what is usual") {
  const std::map<std::string, Section> told = sections();
  for (const KindInfo& kind : all_kinds()) {
    INFO("docs/faults.md, " << kind.name);
    const auto section = told.find(std::string(kind.name));
    REQUIRE(section != told.end());
    CHECK(section->second.group == name_of(kind.group));
    for (const Magnitude& magnitude : kind.magnitudes) {
      const std::string wanted = fmt::format("`{}` \\({}[);:,]", magnitude.name, usual(magnitude));
      INFO("it should have: " << wanted);
      CHECK(std::regex_search(section->second.text, std::regex(wanted)));
      for (const std::string& word : magnitude.unit == Unit::word ? words_of(magnitude) : std::vector<std::string>())
        CHECK(std::regex_search(section->second.text, std::regex("\\b" + word + "\\b")));
    }
  }
}

TEST_CASE("docs/faults.md tells of no kind and no magnitude that there is not") {
  const std::regex magnitude("`([a-z_]+)` \\(");
  for (const auto& [name, section] : sections()) {
    INFO("docs/faults.md, " << name);
    const KindInfo* kind = find_kind(name);
    REQUIRE(kind != nullptr);
    for (auto found = std::sregex_iterator(section.text.begin(), section.text.end(), magnitude);
         found != std::sregex_iterator(); ++found) {
      const std::string told = (*found)[1];
      if (told == "on") continue;  // whom it is aimed at
      INFO(told);
      CHECK(find_magnitude(*kind, told) != nullptr);
    }
  }
}
