#include "sim-core/disk/matching.hpp"

#include <string>

namespace stillpoint::disk {
namespace {

// A set of characters, "[a-z]" or "[!a-z]", at the beginning of a pattern: how long it is, and whether it has `c`. None
// if it has no end: then the bracket stands for itself.
struct Bracket {
  std::size_t length = 0;
  bool matches = false;
};

Bracket bracket(std::string_view pattern, char c) {
  std::size_t at = 1;
  const bool inverted = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  at += inverted ? 1 : 0;
  bool found = false;
  for (const std::size_t first = at; at < pattern.size(); ++at) {
    if (pattern[at] == ']' && at > first) return {at + 1, found != inverted};
    const auto low = static_cast<unsigned char>(pattern[at]);
    auto high = low;
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      high = static_cast<unsigned char>(pattern[at + 2]);
      at += 2;
    }
    const auto wanted = static_cast<unsigned char>(c);
    found = found || (low <= wanted && wanted <= high);
  }
  return {};
}

// How much of the pattern matches the one character; 0: it does not.
std::size_t match_one(std::string_view pattern, char c) {
  if (pattern.front() == '?') return 1;
  if (pattern.front() == '[') {
    if (const Bracket set = bracket(pattern, c); set.length > 0) return set.matches ? set.length : 0;
  }
  if (pattern.front() == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
  return pattern.front() == c ? 1 : 0;
}

void add_below(Inode& directory, const std::string& path, std::string_view pattern, std::set<InodeNumber>& found) {
  for (const auto& [name, leads] : directory.directory.names()) {
    const std::string below = path + "/" + name;
    if (pattern.empty() || matches(pattern, below)) found.insert(leads.inode->number);
    if (leads.inode->is(S_IFDIR) && !leads.inode->of_elsewhere) add_below(*leads.inode, below, pattern, found);
  }
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  // The last asterisk, and how much of the text it has swallowed: where the rest does not match, it takes one more.
  std::size_t star = std::string_view::npos;
  std::size_t swallowed = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      swallowed = i;
      continue;
    }
    const std::size_t length = at < pattern.size() ? match_one(pattern.substr(at), text[i]) : 0;
    if (length > 0) {
      at += length;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++swallowed;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

std::set<InodeNumber> files_matching(FileSystem& files, std::string_view pattern) {
  std::set<InodeNumber> found;
  if (pattern.empty() || matches(pattern, "/")) found.insert(files.root().number);
  // What stands before the first special character leads to where the search begins.
  Inode* directory = &files.root();
  std::string path;
  for (std::string_view rest = pattern; rest.size() > 1;) {
    const std::size_t end = rest.find('/', 1);
    const std::string_view component = rest.substr(0, end);
    const bool literal = component.front() == '/' && component.find_first_of("*?[\\") == std::string_view::npos;
    if (!literal || end == std::string_view::npos) break;
    directory = directory->directory.find(component.substr(1));
    if (directory == nullptr || !directory->is(S_IFDIR)) return found;
    path += component;
    rest.remove_prefix(end);
  }
  if (!directory->of_elsewhere) add_below(*directory, path, pattern, found);
  return found;
}

}  // namespace stillpoint::disk
