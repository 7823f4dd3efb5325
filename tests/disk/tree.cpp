#include "tests/disk/tree.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

namespace stillpoint::test {
namespace {

char letter(char byte) {
  if (byte == '\0') return '0';
  return static_cast<unsigned char>(byte) == 0xA5 ? '?' : byte;
}

// Every name in the tree, parents before what is in them: what(path, directory, inode).
template <typename Do>
void walk(disk::Inode& directory, const std::string& prefix, Do& what, unsigned depth = 0) {
  if (depth > 64) return what(prefix + "...", directory, directory);  // no tree
  for (const auto& [name, leads] : directory.directory.names()) {
    const std::string path = prefix + name;
    what(path, directory, *leads.inode);
    if (leads.inode->is(S_IFDIR)) walk(*leads.inode, path + "/", what, depth + 1);
  }
}

}  // namespace

std::string runs(std::string_view content) {
  std::string text;
  for (std::size_t begin = 0; begin < content.size();) {
    std::size_t end = begin;
    while (end < content.size() && content[end] == content[begin]) ++end;
    if (begin > 0) text += '+';
    text += letter(content[begin]);
    if (end - begin > 1) text += fmt::format("*{}", end - begin);
    begin = end;
  }
  return text;
}

std::string content_of(disk::FileSystem& files, disk::Inode& inode) {
  std::string content(inode.size, '\0');
  const iovec part{content.data(), content.size()};
  content.resize(files.read(inode, 0, {&part, 1}));
  return content;
}

std::string tree_of(disk::FileSystem& files) {
  std::string text;
  std::map<const disk::Inode*, std::string> seen;
  const auto tell = [&](const std::string& path, disk::Inode&, disk::Inode& inode) {
    if (!text.empty()) text += ' ';
    text += path;
    if (inode.is(S_IFDIR)) {
      text += '/';
    } else if (inode.is(S_IFLNK)) {
      text += "->" + inode.target;
    } else if (const auto [other, first] = seen.emplace(&inode, path); !first) {
      text += '~' + other->second;
    } else {
      text += '=' + runs(content_of(files, inode));
    }
  };
  walk(files.root(), "", tell);
  return text.empty() ? "nothing" : text;
}

std::vector<std::string> faults_of(disk::FileSystem& files, std::span<disk::Inode* const> held) {
  std::vector<std::string> faults;
  std::map<const disk::Inode*, unsigned> links{{&files.root(), 2}};
  std::uint64_t pages = 0;
  const auto visit = [&](const std::string& path, disk::Inode& directory, disk::Inode& inode) {
    if (files.find(inode.number) != &inode) faults.push_back(path + ": not among the inodes");
    if (links.emplace(&inode, 0).second) {
      pages += inode.pages();
    } else if (inode.is(S_IFDIR)) {
      faults.push_back(path + ": a directory with two names");
    }
    links[&inode] += inode.is(S_IFDIR) ? 2 : 1;
    if (!inode.is(S_IFDIR)) return;
    ++links[&directory];
    if (inode.parent != &directory) faults.push_back(path + ": another parent");
  };
  walk(files.root(), "", visit);
  for (const auto& [inode, count] : links) {
    if (inode->links != count)
      faults.push_back(fmt::format("{}: {} links, not {}", inode->number, inode->links, count));
  }
  for (const disk::Inode* inode : held) {
    if (links.emplace(inode, 0).second) pages += inode->pages();
  }
  if (files.inodes() != links.size()) faults.push_back(fmt::format("{} inodes, not {}", files.inodes(), links.size()));
  if (files.used_pages() != pages) faults.push_back(fmt::format("{} pages, not {}", files.used_pages(), pages));
  return faults;
}

}  // namespace stillpoint::test
